#include "heed/models/tasks/pairs.h"

#include "heed/core/error.h"

namespace heed::models {

Recipe Pairs::recipe() const {
  return {.model = {.embedding = 64, .hidden = 128, .cell = "lstm", .dropout = 0.1},
          .training = {.steps = 2000,
                       .batch_size = 64,
                       .learning_rate = 3e-3,
                       .warmup = 100,
                       .clip = 1,
                       .validate_every = 250}};
}

data::Split Pairs::examples(const DataPlaces& places) const {
  require(!places.path.empty(), "pairs: name a file of lines source<TAB>target with --data");
  const data::PairsOptions units{.source_unit = source_unit(), .target_unit = target_unit()};
  return data::split(data::read_pairs(places.path, units), uint64_t(config().split_seed));
}

}  // namespace heed::models
