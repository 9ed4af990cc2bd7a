#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/models/model_file.h"
#include "heed/models/show/attention_map.h"
#include "heed/models/train/trainer.h"
#include "heed/models/train/transcribe.h"

namespace heed::models {

/// Where a task looks for data that the user did not name.
struct DataPlaces {
  std::vector<std::string> dictionaries = {};  ///< places of the CMU dictionary
};

/// A model that fits a task, as the task sets it up, and how it is trained.
struct Recipe {
  std::string type;  ///< in types()
  std::unique_ptr<ModelSettings> model;
  TrainingConfig training = {};
  std::string input =
      {};            ///< "images" or "texts", where the models of a task read different things
  bool fits = true;  ///< does it read what the task's options name?
};

/// What a model is asked with.
struct Question {
  std::string words = "a text";  ///< one question, for people
  bool answered = true;          ///< false: there are maps alone (heed attention)
  bool whole = false;  ///< all of stdin ("-") is one, and all words that are numbers are one
};

/// What a task has read, in words.
struct DataFacts {
  std::string examples;                 ///< "105,664 examples to learn, 1,000 to validate, ..."
  std::string sizes;                    ///< "vocabularies of 30 and 43 tokens"
  std::string items = "examples";       ///< what BatchLoss counts
  std::vector<std::string> notes = {};  ///< what a user should know about it besides
};

/// Adds a warning to the notes where validation or test is so small that its numbers say little.
void note_small_parts(std::vector<std::string>& notes, int64_t validation, int64_t test);

/// One example with what the model made of it.
struct Sample {
  std::string source;
  std::string written;
  std::string expected = {};  ///< the right answer that is closest to what was written
  bool right = false;
  bool judged = true;  ///< false: there is no right answer
};

/// How well a model does.
struct Report {
  Json measures = Json::object();  ///< under the task's names
  std::string words = {};          ///< "99.80 % exact, 0.04 % of the tokens wrong"
  std::string remark = {};         ///< what else there is to say, or nothing
  /// What training is to make small: by it one validation is better than another.
  double cost = std::numeric_limits<double>::quiet_NaN();
  int64_t count = 0;  ///< how many items were measured
  std::string counted = "examples";
  std::string part = "test";                      ///< what they are of the data
  std::string origin = "never seen in training";  ///< and where they come from
  std::vector<Sample> samples = {};
  std::vector<show::AttentionMap> maps = {};                    ///< that which shows most first
  std::vector<std::pair<std::string, std::string>> files = {};  ///< more for the run's folder
};

struct AskOptions {
  bool maps = false;
  int64_t beam = 1;  ///< 1: greedy
};

/// What a model says to a text that a user gave.
struct Answer {
  std::string source = {};
  std::string text = {};
  std::string error = {};       ///< not empty: why the model cannot read the text
  Json facts = Json::object();  ///< more about it, for programs
  std::vector<show::AttentionMap> maps = {};
};

/// How texts become tokens, as a user chooses it.
struct TokenChoice {
  std::string tokens = "word";
  int64_t vocabulary = 0;
  int64_t min_count = 1;

  template <class V>
  void fields(V& visit) {
    visit("tokens", tokens, {"character", "word", "bpe"}, "what a token is (" + tokens + ")");
    visit("vocabulary", vocabulary, {.min = 0}, "most tokens (0: all; of a bpe 1000)");
    visit("min_count", min_count, {.min = 1},
          "rarer words are unknown, rarer pairs not merged (1)");
  }
  /// Error, which names the flag, where the tokens cannot be made so.
  void check(bool specials) const;
  data::TokenizerOptions options(bool specials) const;
};

/// Something to learn. A run calls read, set_up, begin, then next for each step, validate now and
/// then, and test; evaluating a stored model needs read and test, asking it needs answer alone.
class Task {
 public:
  explicit Task(std::string name) : name_(std::move(name)) {}
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  const std::string& name() const { return name_; }

  /// What a model file keeps of the task: all that evaluating and asking its model need.
  virtual std::vector<Field> settings() = 0;
  /// What a user can choose, each by a flag of its name: files, units. Some may be settings.
  virtual std::vector<Field> options() = 0;
  /// The options that test() heeds: of `heed evaluate`. The others are for training.
  virtual std::vector<std::string> test_options() const = 0;
  /// The models of the task, the default first.
  virtual std::vector<Recipe> recipes() const = 0;
  /// The fields of models that set_up takes from the data.
  virtual std::vector<std::string> sizes() const = 0;

  /// Error when an option is missing or makes no sense: "--data FILE is missing".
  virtual void check_options() const {}
  /// Reads the data. Throws what reading throws.
  virtual void read(const DataPlaces& places) = 0;
  /// Makes the vocabularies of a new model, and sets the sizes of its settings.
  virtual DataFacts set_up(StoredModel& stored, std::span<const Field> model) = 0;
  /// For train(): the loss of one batch after the other. The model and the task must outlive it.
  virtual std::function<BatchLoss()> begin(const StoredModel& stored,
                                           const TrainingConfig& config) = 0;
  /// The model on the validation data; at step 0, before training, samples are enough.
  virtual Report validate(const StoredModel& stored, int64_t step) = 0;
  /// The model on the test data.
  virtual Report test(const StoredModel& stored) = 0;
  /// What answer() reads.
  virtual Question question() const { return {}; }
  /// What the model says to texts. Error where nothing can be asked.
  virtual std::vector<Answer> answer(const StoredModel& stored, std::span<const std::string> texts,
                                     const AskOptions& options) const = 0;

 private:
  std::string name_;
};

/// MemoryError when batches of config.batch_size cannot fit this machine, where an example takes at
/// least so many bytes.
void check_batch(const TrainingConfig& config, double example_bytes);

/// Sets the integer field of that name; without such a field does nothing.
void set_size(std::span<const Field> fields, std::string_view name, int64_t size);

/// Sets those of the fields that the model has: preset(fields, {{"hidden", "128"}}).
void preset(std::span<const Field> fields,
            std::initializer_list<std::pair<std::string_view, std::string>> values);

/// Error, which names the text and what the model knows, for a text without tokens, or with a
/// character (or, where no token stands for unknown words, a word) that the tokenizer lacks.
void check_readable(const data::Tokenizer& tokenizer, std::string_view text);

/// Where a self-attending model looked: of weights (1, heads, T, S) of each layer first the mean of
/// the last layer, then each head of each layer, their places in the titles.
std::vector<show::AttentionMap> head_maps(const nn::AttentionMaps& maps,
                                          const std::vector<std::string>& source,
                                          const std::vector<std::string>& target,
                                          const std::string& title);

/// Settings and options as one object, the name first: for run.json.
Json to_json(Task& task);
/// The settings alone, the name first: for model files.
Json settings_json(Task& task);

/// A task that the program knows by name.
struct TaskType {
  std::string name;
  std::string help;
  std::function<std::unique_ptr<Task>()> make;
};

/// The tasks of this library: a value, as types() is.
std::vector<TaskType> tasks();

/// The task of that name, with its defaults; Error, naming those there are, for any other.
std::unique_ptr<Task> make_task(std::string_view name);

/// The task that a model file names, with its settings.
std::unique_ptr<Task> task_of(const StoredModel& stored, const std::string& path);

}  // namespace heed::models
