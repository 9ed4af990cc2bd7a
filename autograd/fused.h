#pragma once

#include <functional>
#include <vector>

#include "heed/autograd/engine.h"
#include "heed/autograd/record.h"

namespace heed {

/// The readable form of a fused op: the same outputs in primitive differentiable ops.
using Definition = std::function<std::vector<Variable>(std::span<const Variable> inputs)>;

/// Do fused kernels run (the default), or their definitions (HEED_FUSED=0, set_fused(false))?
bool fused();
void set_fused(bool fused);

namespace detail {
/// The gradients of a definition, recorded, for passes that will be differentiated again.
void differentiate_definition(const Definition& definition, std::span<const Saved> inputs,
                              Gradients& gradients);
}  // namespace detail

/// Records the outputs of a fused kernel. `rule(Gradients&)` is its fast backward; where second
/// derivatives are wanted, the definition is differentiated in its place.
template <class Rule>
std::vector<Variable> record_fused(const Call& call, std::span<const Tensor> outputs,
                                   std::span<const Variable> inputs, Definition definition,
                                   Rule rule) {
  std::vector<Saved> saved(inputs.begin(), inputs.end());
  return record_joint(call, outputs, inputs,
                      [saved = std::move(saved), definition = std::move(definition),
                       rule = std::move(rule)](Gradients& gradients) {
                        if (gradients.create_graph)
                          detail::differentiate_definition(definition, saved, gradients);
                        else
                          rule(std::span<const Saved>(saved), gradients);
                      });
}

}  // namespace heed
