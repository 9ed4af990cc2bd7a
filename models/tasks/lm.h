#pragma once

#include "heed/models/data/token_source.h"
#include "heed/models/tasks/task.h"

namespace heed::models {

/// Predicting a text token by token: nine tenths of it to learn from, the last tenth to validate.
/// There is no third part: what test() measures is all of the last tenth, of which validate() takes
/// a sample; with the option "whole" all of a text that was not learned from. Measured by the mean
/// loss of a token in nats, its perplexity e^loss, and bits per character.
class Lm final : public Task {
 public:
  using Task::Task;

  std::vector<Field> settings() override;
  std::vector<Field> options() override;
  std::vector<std::string> test_options() const override { return {"data", "length", "whole"}; }
  std::vector<Recipe> recipes() const override;
  std::vector<std::string> sizes() const override { return {"tokens"}; }
  void check_options() const override;
  void read(const DataPlaces& places) override;
  DataFacts set_up(StoredModel& stored, std::span<const Field> model) override;
  std::function<BatchLoss()> begin(const StoredModel& stored,
                                   const TrainingConfig& config) override;
  Report validate(const StoredModel& stored, int64_t step) override;
  Report test(const StoredModel& stored) override;
  Question question() const override { return {.answered = false}; }
  /// The maps alone: a language model goes on with a text, see generate().
  std::vector<Answer> answer(const StoredModel& stored, std::span<const std::string> texts,
                             const AskOptions& options) const override;

 private:
  std::string source() const { return chosen_.data.empty() ? "generated text" : chosen_.data; }
  std::string_view learned() const { return std::string_view(text_).substr(0, learned_); }
  std::string_view held_out() const { return std::string_view(text_).substr(learned_); }
  void check_lengths(const StoredModel& stored, int64_t length, const std::string& flag) const;
  DataFacts set_up_file(StoredModel& stored, std::span<const Field> model);
  /// The last tenth, in the tokens of the model.
  std::unique_ptr<const data::TokenSource> validation(const StoredModel& stored) const;
  Report measured(const StoredModel& stored, int64_t most_windows, bool sample) const;

  struct Kept {
    bool generated = true;  // is there no file?
    int64_t length = 64;
  } kept_;
  struct Chosen {
    std::string data = {};
    bool whole = false;
    TokenChoice tokens = {.tokens = "character"};
  } chosen_;
  std::string text_;                             // what is read,
  size_t learned_ = 0;                           // of which so many bytes are learned from,
  std::shared_ptr<const data::TokenFile> file_;  // or the file of ids that was named
  std::unique_ptr<const data::TokenSource> train_;
};

}  // namespace heed::models
