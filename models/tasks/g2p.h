#pragma once

#include "heed/models/tasks/pair_task.h"

namespace heed::models {

/// Pronouncing English words: from letters to phones, learned from the CMU pronouncing dictionary
/// in Festival's form. Measured by phoneme error rate (PER) and word error rate (WER); any listed
/// pronunciation of a word is right.
class G2p final : public PairTask {
 public:
  using PairTask::PairTask;
  std::vector<Field> options() override;
  std::vector<Recipe> recipes() const override;
  data::Split examples(const DataPlaces& places) const override;
  data::Unit source_unit() const override { return data::Unit::character; }
  data::Unit target_unit() const override { return data::Unit::word; }
  /// Letters in lower case.
  std::string normalized(std::string_view text) const override;
  Json measures(const data::ErrorRates& rates) const override;
  std::string describe(const Json& measures) const override;
};

}  // namespace heed::models
