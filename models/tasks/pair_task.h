#pragma once

#include "heed/models/data/pairs.h"
#include "heed/models/metrics/edit_distance.h"
#include "heed/models/tasks/task.h"
#include "heed/models/train/transcribe.h"

namespace heed::models {

/// What model files keep of a task of pairs.
struct PairSettings {
  std::string unit = "character";
  int64_t split_seed = 1;
  int64_t max_length = 100;

  template <class V>
  void fields(V& visit) {
    visit("unit", unit, {"character", "word"}, "what one token of a text is");
    visit("split_seed", split_seed, {.min = 0}, "of the parts for training and testing");
    visit("max_length", max_length, {.min = 1, .max = 100'000}, "tokens written at most");
  }
};

/// What a user can choose of a task of pairs.
struct PairOptions {
  std::string data = {};
  double teacher_forcing = 1;
  int64_t beam = 1;
  int64_t longest = 1000;  ///< pairs with more tokens on a side are left out of training; 0: none
};

/// Examples, and what a model made of them.
struct Examined {
  const StoredModel& stored;
  std::span<const data::Example> examples;
  std::span<const Transcript> transcripts;
  bool test = false;  ///< all test examples, not some for validation
};

/// Learning from pairs of texts with a model that reads one sequence and writes another: where the
/// examples come from, how texts are cut into tokens, and how a model is measured, is up to the
/// task itself.
class PairTask : public Task {
 public:
  using Task::Task;

  /// The examples in three parts, always the same for the same data. Throws what reading throws.
  virtual data::Split examples(const DataPlaces& places) const = 0;
  virtual data::Unit source_unit() const { return data::parse_unit(kept.unit); }
  virtual data::Unit target_unit() const { return data::parse_unit(kept.unit); }
  /// How the sources, or the targets, become tokens: by default each unit is one.
  virtual data::TokenizerOptions tokenizer_options(data::Unit unit) const;
  /// The text as the examples spell it.
  virtual std::string normalized(std::string_view text) const { return std::string(text); }
  /// The rates under the task's names for them, in per cent: by default "exact_match" and
  /// "token_error_rate".
  virtual Json measures(const data::ErrorRates& rates) const;
  /// What else the task measures on examples, added to the object.
  virtual void measure_more(const Examined&, Json&) const {}
  /// The measures as people read them: "99.8 % exact, 0.1 % of the tokens wrong".
  virtual std::string describe(const Json& measures) const;
  /// Are there weights in the transcripts of a test?
  virtual bool wants_weights() const { return false; }
  /// What there is to say about further measures, or nothing.
  virtual std::string remark(const Json&) const { return {}; }

  std::vector<Field> settings() override;
  std::vector<Field> options() override;
  std::vector<std::string> test_options() const override { return {"data", "beam"}; }
  std::vector<std::string> sizes() const override { return {"source_tokens", "target_tokens"}; }
  void read(const DataPlaces& places) override { parts_ = examples(places); }
  DataFacts set_up(StoredModel& stored, std::span<const Field> model) override;
  std::function<BatchLoss()> begin(const StoredModel& stored,
                                   const TrainingConfig& config) override;
  Report validate(const StoredModel& stored, int64_t step) override;
  Report test(const StoredModel& stored) override;
  std::vector<Answer> answer(const StoredModel& stored, std::span<const std::string> texts,
                             const AskOptions& options) const override;

  PairSettings kept;
  PairOptions chosen;

 private:
  std::vector<Transcript> write(const StoredModel& stored, std::span<const data::Example> examples,
                                TranscribeOptions how) const;
  std::vector<Sample> samples(const StoredModel& stored, std::span<const data::Example> examples,
                              std::span<const Transcript> transcripts) const;
  std::vector<std::string> written(const StoredModel& stored, const Transcript& transcript) const;
  Report measured(const Examined& examined) const;

  data::Split parts_;
  std::vector<data::EncodedPair> pairs_;
  std::vector<data::Example> watched_, checked_;  // of the validation part
};

/// Recipes of every model that reads one sequence and writes another: each with these values of the
/// fields that it has.
std::vector<Recipe> pair_recipes(int64_t embedding, int64_t hidden, double dropout,
                                 const TrainingConfig& training);

/// At most `count` examples at equal distances in the list.
std::vector<data::Example> spread(std::span<const data::Example> examples, int64_t count);

}  // namespace heed::models
