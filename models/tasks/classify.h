#pragma once

#include "heed/models/tasks/labelled.h"
#include "heed/models/tasks/task.h"

namespace heed::models {

/// Telling the class of images (a folder of IDX files) or of texts (lines label<TAB>text). Measured
/// by the share that is right ("accuracy", in per cent) and the mean loss in nats.
class Classify final : public Task {
 public:
  using Task::Task;

  std::vector<Field> settings() override;
  std::vector<Field> options() override;
  std::vector<std::string> test_options() const override { return {"data", "test_data"}; }
  std::vector<Recipe> recipes() const override;
  std::vector<std::string> sizes() const override;
  void check_options() const override;
  void read(const DataPlaces& places) override;
  DataFacts set_up(StoredModel& stored, std::span<const Field> model) override;
  std::function<BatchLoss()> begin(const StoredModel& stored,
                                   const TrainingConfig& config) override;
  Report validate(const StoredModel& stored, int64_t step) override;
  Report test(const StoredModel& stored) override;
  Question question() const override;
  /// Of texts, or of images: FILE:N is the image number N of an IDX file, from 0.
  std::vector<Answer> answer(const StoredModel& stored, std::span<const std::string> texts,
                             const AskOptions& options) const override;

 private:
  bool wants_images() const;
  void read_texts();
  void read_images();
  const std::string& test_file() const {
    return chosen_.test_data.empty() ? chosen_.data : chosen_.test_data;
  }
  void set_up_texts(StoredModel& stored, std::span<const Field> model);
  void set_up_images(StoredModel& stored, std::span<const Field> model);
  Report measured(const StoredModel& stored, const Labelled& part, int64_t most,
                  int64_t samples) const;

  struct Kept {
    std::string input = "generated";
    int64_t split_seed = 1;
  } kept_;
  struct Chosen {
    std::string data = {}, test_data = {}, names = {};
    TokenChoice tokens = {};
    int64_t shift = 0;
    bool flip = false;
  } chosen_;
  data::Split texts_;
  Labelled train_, validation_, test_;
  int64_t classes_ = 0;  // of the images
};

}  // namespace heed::models
