#pragma once

#include "heed/models/data/series.h"
#include "heed/models/tasks/task.h"

namespace heed::models {

/// Predicting the next values of a series from those before: the first four fifths of it to learn
/// from, a tenth to validate, the last tenth to test. Measured by the mean absolute error ("mae"),
/// beside that of the naive forecast, which repeats the last value ("naive_mae").
class SeriesTask final : public Task {
 public:
  using Task::Task;

  std::vector<Field> settings() override;
  std::vector<Field> options() override;
  std::vector<std::string> test_options() const override { return {"data", "column"}; }
  std::vector<Recipe> recipes() const override;
  std::vector<std::string> sizes() const override { return {"past", "horizon", "deviation"}; }
  void check_options() const override;
  void read(const DataPlaces& places) override;
  DataFacts set_up(StoredModel& stored, std::span<const Field> model) override;
  std::function<BatchLoss()> begin(const StoredModel& stored,
                                   const TrainingConfig& config) override;
  Report validate(const StoredModel& stored, int64_t step) override;
  Report test(const StoredModel& stored) override;
  Question question() const override;
  /// Of CSV files, or of one series where all texts are numbers: what comes after the last values.
  std::vector<Answer> answer(const StoredModel& stored, std::span<const std::string> texts,
                             const AskOptions& options) const override;

 private:
  std::string source() const { return chosen_.data.empty() ? "generated values" : chosen_.data; }
  Report measured(const StoredModel& stored, int64_t begin, int64_t end, int64_t samples) const;

  struct Kept {
    bool generated = true;
    std::string column = {};
  } kept_;
  struct Chosen {
    std::string data = {};
    int64_t past = 48, horizon = 12;
  } chosen_;
  data::Series series_;
};

}  // namespace heed::models
