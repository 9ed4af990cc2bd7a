#include "heed/nn/compact.h"

#include <algorithm>

#include "heed/core/memory.h"
#include "heed/nn/embedding.h"
#include "heed/nn/linear.h"

namespace heed::nn {

void compact_(Module& module, CompactKind kind) {
  std::vector<Parameter*> weights;
  const auto add = [&](Parameter& weight) {  // once, of a layer with two names
    if (std::ranges::find(weights, &weight) == weights.end()) weights.push_back(&weight);
  };
  for (const Member& member : list_members(module)) {
    Module* const part = member.as<Module>();
    if (auto* linear = dynamic_cast<Linear*>(part)) add(linear->weight);
    if (auto* embedding = dynamic_cast<Embedding*>(part)) add(embedding->weight);
  }
  for (const Parameter* weight : weights) {
    require(!weight->compact(), "compact_: the weights are compact already");
    require(weight->dtype() == f32, "compact_: expected weights of f32, got ", weight->dtype());
  }
  for (Parameter* weight : weights) {
    weight->compact_(kind);
    release_cached_memory();
  }
}

}  // namespace heed::nn
