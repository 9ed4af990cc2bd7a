#pragma once

#include "heed/models/tasks/task.h"

namespace heed::models {

/// Lines source<TAB>target of a file, by characters or by words, with a twentieth of the sources
/// each held out for validation and for the test.
class Pairs final : public Task {
 public:
  using Task::Task;
  Recipe recipe() const override;
  data::Split examples(const DataPlaces& places) const override;
};

}  // namespace heed::models
