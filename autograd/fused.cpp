#include "heed/autograd/fused.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace heed {
namespace {

Variable alias(const Variable& x) {
  static constexpr Op op{"alias", "y = x", "dx = dy"};
  return record(op, x.value(), input(x, [](const Variable& g) { return g; }));
}

std::atomic<bool>& fused_flag() {
  static std::atomic<bool> flag = [] {
    const char* wanted = std::getenv("HEED_FUSED");
    return !(wanted && std::string_view(wanted) == "0");
  }();
  return flag;
}

}  // namespace

bool fused() { return fused_flag().load(std::memory_order_relaxed); }
void set_fused(bool fused) { fused_flag().store(fused, std::memory_order_relaxed); }

void detail::differentiate_definition(const Definition& definition, std::span<const Saved> saved,
                                      Gradients& gradients) {
  std::vector<Variable> inputs, wanted, outputs, incoming;
  for (size_t i = 0; i < saved.size(); ++i) {
    inputs.push_back(alias(*saved[i]));  // of its own: one Variable may be given twice
    if (gradients.needed[i]) wanted.push_back(inputs.back());
  }
  const std::vector<Variable> results = definition(inputs);
  for (size_t i = 0; i < results.size(); ++i) {
    if (!gradients.outputs[i].defined() || !results[i].requires_grad()) continue;
    outputs.push_back(results[i]);
    incoming.push_back(gradients.outputs[i]);
  }
  if (outputs.empty()) return;
  const auto found = grad(outputs, wanted, {.create_graph = true, .allow_unused = true}, incoming);
  for (size_t i = 0, k = 0; i < inputs.size(); ++i)
    if (gradients.needed[i]) gradients.inputs[i] = found[k++];
}

}  // namespace heed
