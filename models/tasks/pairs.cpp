#include "heed/models/tasks/pairs.h"

#include "heed/core/error.h"

namespace heed::models {

std::vector<Field> Pairs::options() {
  FieldVisitor visit;
  visit("data", chosen.data, {}, "lines source<TAB>target");
  visit("unit", kept.unit, {"character", "word"}, "what one token of a text is");
  auto fields = visit.take();
  for (auto& field : PairTask::options()) fields.push_back(std::move(field));
  return fields;
}

std::vector<Recipe> Pairs::recipes() const {
  return pair_recipes(64, 128, 0.1,
                      {.steps = 2000,
                       .batch_size = 64,
                       .learning_rate = 3e-3,
                       .warmup = 100,
                       .clip = 1,
                       .validate_every = 250});
}

void Pairs::check_options() const {
  require(!chosen.data.empty(), "pairs: --data FILE is missing: lines source<TAB>target");
}

data::Split Pairs::examples(const DataPlaces&) const {
  check_options();
  const data::PairsOptions units{.source_unit = source_unit(), .target_unit = target_unit()};
  int64_t duplicates = 0;
  auto parts = data::split_file(chosen.data, data::read_pairs(chosen.data, units, &duplicates),
                                uint64_t(kept.split_seed));
  data::note_duplicates(parts.notes, duplicates);
  return parts;
}

}  // namespace heed::models
