#pragma once

#include "heed/autograd/variable.h"

namespace heed {

struct GradOptions {
  bool create_graph = false;  ///< record the gradients too, for higher derivatives
  /// Keep what was saved, for another pass. create_graph keeps it as well.
  bool retain_graph = false;
  bool allow_unused = false;  ///< give an undefined gradient for an input that was not used
};

/// Accumulates in every leaf x that the outputs depend on: x.grad += sum_i g_i d output_i / d x.
/// gradients: one for each output, of its shape; undefined for outputs of one element, where it
/// is 1. Throws Error when an output requires no gradient, or the graph's saved values were freed
/// before.
void backward(std::span<const Variable> outputs, std::span<const Variable> gradients = {},
              const GradOptions& options = {});

/// Returns sum_i g_i d output_i / d input for each input; touches no leaf's grad.
/// Throws Error for an input that the outputs do not depend on, unless allow_unused.
std::vector<Variable> grad(std::span<const Variable> outputs, std::span<const Variable> inputs,
                           const GradOptions& options = {},
                           std::span<const Variable> gradients = {});
inline std::vector<Variable> grad(const Variable& output, const std::vector<Variable>& inputs,
                                  const GradOptions& options = {}, const Variable& gradient = {}) {
  return grad(std::span(&output, 1), inputs, options, std::span(&gradient, 1));
}

}  // namespace heed
