#pragma once

#include "heed/models/tasks/pair_task.h"

namespace heed::models {

/// Lines source<TAB>target of a file, by characters or by words, with a twentieth of the sources
/// each held out for validation and for the test.
class Pairs final : public PairTask {
 public:
  using PairTask::PairTask;
  std::vector<Field> options() override;
  std::vector<Recipe> recipes() const override;
  void check_options() const override;
  data::Split examples(const DataPlaces& places) const override;
};

}  // namespace heed::models
