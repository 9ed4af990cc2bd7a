#pragma once

#include "heed/models/tasks/pair_task.h"

namespace heed::models {

/// Dates as people write them ("Thursday, 3 May 1979") to ISO 8601 ("1979-05-03"), generated.
/// Measured besides: of the year's four digits, the share for which the largest weight of the
/// attention lies in the year of the source ("year_attention", in per cent).
class Dates final : public PairTask {
 public:
  using PairTask::PairTask;
  std::vector<Recipe> recipes() const override;
  data::Split examples(const DataPlaces& places) const override;
  data::Unit source_unit() const override { return data::Unit::character; }
  data::Unit target_unit() const override { return data::Unit::character; }
  void measure_more(const Examined& examined, Json& measures) const override;
  bool wants_weights() const override { return true; }
  std::string remark(const Json& measures) const override;
};

}  // namespace heed::models
