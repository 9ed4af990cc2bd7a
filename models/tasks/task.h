#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/json.h"
#include "heed/models/bahdanau.h"
#include "heed/models/data/pairs.h"
#include "heed/models/metrics/edit_distance.h"
#include "heed/models/train/trainer.h"
#include "heed/models/train/transcribe.h"

namespace heed::models {

/// What a model file keeps of the task that the model was trained for: all that evaluating it and
/// predicting with it need, but for the data itself.
struct TaskConfig {
  std::string name;
  std::string unit = "character";
  int64_t split_seed = 1;
  int64_t max_length = 100;

  template <class V>
  void fields(V& visit) {
    visit("name", name, {}, "of the task");
    visit("unit", unit, {"character", "word"}, "what one token of a text is");
    visit("split_seed", split_seed, {.min = 0}, "of the parts for training and testing");
    visit("max_length", max_length, {.min = 1, .max = 100'000}, "tokens written at most");
  }
};

/// Where a task looks for its data.
struct DataPlaces {
  std::string path = {};                       ///< what the user named; empty: the task's own
  std::vector<std::string> dictionaries = {};  ///< other places of the CMU dictionary
};

/// The model and the training that a task starts from.
struct Recipe {
  BahdanauConfig model = {};
  TrainingConfig training = {};
};

/// Something to learn from pairs of texts: where its examples come from, how its texts are cut into
/// tokens, and how a model of it is measured.
class Task {
 public:
  explicit Task(TaskConfig config) : config_(std::move(config)) {}
  virtual ~Task() = default;

  const TaskConfig& config() const { return config_; }
  void set_max_length(int64_t length) { config_.max_length = length; }

  virtual Recipe recipe() const = 0;
  /// The examples in three parts, always the same for the same data. Throws what reading throws.
  virtual data::Split examples(const DataPlaces& places) const = 0;

  virtual data::Unit source_unit() const { return data::parse_unit(config_.unit); }
  virtual data::Unit target_unit() const { return data::parse_unit(config_.unit); }
  /// The text as the examples spell it.
  virtual std::string normalized(std::string_view text) const { return std::string(text); }

  /// The rates under the task's names for them, in per cent: by default "exact_match" and
  /// "token_error_rate".
  virtual Json measures(const data::ErrorRates& rates) const;
  /// The rates as people read them: "99.8 % exact, 0.1 % of the tokens wrong".
  virtual std::string describe(const data::ErrorRates& rates) const;
  /// What else the task measures on its test examples, added to the object. `test` are the
  /// transcripts of all of them with weights, if wants_weights().
  virtual void measure_attention(std::span<const Transcript>, Json&) const {}
  virtual bool wants_weights() const { return false; }
  /// What there is to say about further measures, or nothing.
  virtual std::string remark(const Json&) const { return {}; }

 private:
  TaskConfig config_;
};

/// A task that the program knows by name.
struct TaskType {
  std::string name;
  std::string help;
  std::function<std::unique_ptr<Task>(TaskConfig config)> make;
};

/// The tasks of this library: a value, as types() is.
std::vector<TaskType> tasks();

/// The task that a configuration names; Error, naming those there are, for any other.
std::unique_ptr<Task> make_task(TaskConfig config);

/// The task that a model file names.
std::unique_ptr<Task> task_of(const TextModel& model, const std::string& path);

}  // namespace heed::models
