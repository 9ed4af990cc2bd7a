#include "heed/models/tasks/run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>

#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/models/fields.h"
#include "heed/models/show/attention_page.h"
#include "heed/models/show/attention_svg.h"
#include "heed/models/train/signals.h"
#include "heed/nn/summary.h"

namespace heed::models {
namespace {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail<IoError>(path, ": cannot make the folder: ", error.message());
}

/// Three examples worth watching: of the longer half.
std::vector<data::Example> watched_examples(std::span<const data::Example> examples) {
  std::vector<size_t> lengths;
  for (const auto& example : examples) lengths.push_back(example.source.size());
  const auto middle = lengths.begin() + std::ptrdiff_t(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  std::vector<data::Example> longer;
  for (const auto& example : examples) {
    if (example.source.size() >= *middle) longer.push_back(example);
  }
  return spread(longer, 3);
}

int64_t longest_target(std::span<const data::EncodedPair> pairs) {
  size_t longest = 0;
  for (const auto& pair : pairs) longest = std::max(longest, pair.target.size());
  return int64_t(longest);
}

Json samples_json(std::span<const Sample> samples) {
  Json list = Json::array();
  for (const auto& sample : samples) {
    list.push(Json::object()
                  .set("source", sample.source)
                  .set("written", sample.written)
                  .set("right", sample.right));
  }
  return list;
}

/// Moves the map that shows most to the front: of the right answers of at most 24 tokens, that with
/// the longest source.
void best_first(std::vector<show::AttentionMap>& maps, const std::vector<bool>& right) {
  size_t best = 0, longest = 0;
  for (size_t i = 0; i < maps.size(); ++i) {
    const size_t length = maps[i].source.size();
    if (!right[i] || length > 24 || length <= longest) continue;
    best = i;
    longest = length;
  }
  if (!maps.empty()) std::rotate(maps.begin(), maps.begin() + std::ptrdiff_t(best), maps.end());
}

/// One run from its data to its files.
class Run {
 public:
  Run(const RunConfig& config, const RunOptions& options, RunView& view)
      : config_(config), options_(options), view_(view), task_(make_task(config.task)) {}

  RunResult operator()() {
    prepare();
    const SignalWatch signals;
    const Stopwatch watch;
    result_.steps = train(watch, signals);
    result_.train_seconds = watch.seconds();
    result_.signal = signals.caught();
    save();
    if (result_.signal == 0) test();
    view_.finished(result_);
    return std::move(result_);
  }

 private:
  std::string path(const char* name) const {
    return (std::filesystem::path(options_.folder) / name).string();
  }

  void event(Json json) {
    metrics_->write(json.dump());
    view_.event(json);
  }

  void prepare() {
    const auto& training = config_.training;
    parts_ = task_->examples({.path = config_.data, .dictionaries = options_.dictionaries});
    model_.source = data::source_vocabulary(parts_.train);
    model_.target = data::target_vocabulary(parts_.train);
    pairs_ = data::encode(parts_.train, model_.source, model_.target);
    config_.task.max_length = longest_target(pairs_) * 3 / 2 + 1;
    config_.model.source_tokens = model_.source.size();
    config_.model.target_tokens = model_.target.size();
    check_fields(list_fields(config_.model), "model");
    task_ = make_task(config_.task);
    model_.task = fields_to_json(config_.task);
    manual_seed(uint64_t(training.seed));
    model_.model = std::make_unique<Bahdanau>(config_.model);
    model_.model->name_parameters();
    watched_ = watched_examples(parts_.validation);
    checked_ = spread(parts_.validation, 1000);
    make_folder(options_.folder);
    const Json echo = to_json(config_).set("machine", options_.machine);
    write_file_atomic(path("run.json"), echo.dump(2) + "\n");
    metrics_.emplace(path("metrics.jsonl"));
    view_.started(*task_, facts());
  }

  RunFacts facts() {
    return {.train = int64_t(parts_.train.size()),
            .validation = int64_t(checked_.size()),
            .test = int64_t(parts_.test.size()),
            .pairs = int64_t(pairs_.size()),
            .source_tokens = model_.source.size(),
            .target_tokens = model_.target.size(),
            .parameters = nn::count_parameters(*model_.model).total};
  }

  int64_t train(const Stopwatch& watch, const SignalWatch& signals) {
    model_.model->eval();
    validate(0);
    const TrainingObserver observer{
        .step = [&](const StepReport& report) { step(report, watch.seconds()); },
        .validate = [&](int64_t step) { validate(step); },
        .stop = [&] { return signals.caught() != 0; }};
    try {
      return models::train(*model_.model, pairs_, config_.training, observer, options_.max_steps);
    } catch (const DivergedError& error) {
      event(Json::object().set("event", "diverged").set("error", error.what()));
      throw;
    }
  }

  void step(const StepReport& report, double seconds) {
    event(Json::object()
              .set("event", "step")
              .set("step", report.step)
              .set("loss", report.loss)
              .set("smoothed_loss", report.smoothed_loss)
              .set("learning_rate", report.learning_rate)
              .set("gradient_norm", report.gradient_norm)
              .set("tokens", report.tokens)
              .set("seconds", seconds));
    view_.step(report);
  }

  void validate(int64_t step) {
    const auto shown = samples(*task_, watched_, write(*task_, model_, watched_));
    if (step == 0) return view_.validated(step, nullptr, shown);
    const auto rates = measure(*task_, model_, checked_);
    Json json = Json::object().set("event", "validation").set("step", step);
    const Json measures = task_->measures(rates);
    for (const auto& [name, value] : measures.items()) json.set(name, value);
    event(json.set("samples", samples_json(shown)));
    view_.validated(step, &rates, shown);
  }

  void save() {
    result_.paths = {path("model.json")};
    save_model(result_.paths[0], model_);
    if (result_.signal == 0) return;
    event(Json::object()
              .set("event", "interrupted")
              .set("signal", result_.signal)
              .set("steps", result_.steps)
              .set("model", result_.paths[0]));
  }

  void test() {
    result_.test = evaluate(*task_, model_, parts_.test);
    const auto examples = spread(parts_.test, 10);
    const auto transcripts = write(*task_, model_, examples);
    result_.samples = samples(*task_, examples, transcripts);
    std::vector<bool> right;
    for (size_t i = 0; i < transcripts.size(); ++i) {
      const auto& sample = result_.samples[i];
      if (transcripts[i].target.empty()) continue;
      right.push_back(sample.right);
      result_.maps.push_back(attention_map(transcripts[i], sample.source + " → " + sample.written));
    }
    best_first(result_.maps, right);
    write_maps();
    result_.paths.push_back(path("metrics.jsonl"));
    result_.paths.push_back(path("run.json"));
    Json json = Json::object().set("event", "result").set("task", config_.task.name);
    for (const auto& [name, value] : result_.test.measures.items()) json.set(name, value);
    event(json.set("train_seconds", result_.train_seconds)
              .set("steps", result_.steps)
              .set("model", result_.paths[0]));
  }

  void write_maps() {
    if (result_.maps.empty()) return;
    const auto page =
        show::attention_page(result_.maps, "heed " + config_.task.name + ": attention");
    write_file_atomic(path("attention.html"), page);
    write_file_atomic(path("attention.svg"), show::svg(result_.maps[0]));
    result_.paths.push_back(path("attention.html"));
    result_.paths.push_back(path("attention.svg"));
  }

  RunConfig config_;
  const RunOptions& options_;
  RunView& view_;
  std::unique_ptr<Task> task_;
  data::Split parts_;
  std::vector<data::EncodedPair> pairs_;
  std::vector<data::Example> watched_, checked_;  // of the validation part
  TextModel model_;
  std::optional<LineWriter> metrics_;
  RunResult result_;
};

}  // namespace

RunResult run(const RunConfig& config, const RunOptions& options, RunView& view) {
  return Run(config, options, view)();
}

}  // namespace heed::models
