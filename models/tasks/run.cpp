#include "heed/models/tasks/run.h"

#include <chrono>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>

#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
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

Json samples_json(std::span<const Sample> samples) {
  Json list = Json::array();
  for (const auto& sample : samples) {
    Json json = Json::object().set("source", sample.source).set("written", sample.written);
    if (sample.judged) json.set("right", sample.right);
    list.push(std::move(json));
  }
  return list;
}

/// One run from its data to its files.
class Run {
 public:
  Run(const RunConfig& config, const RunOptions& options, RunView& view)
      : config_(config), task_(*config.task), options_(options), view_(view) {}

  RunResult operator()() {
    const DataFacts facts = prepare();
    const auto next = task_.begin(stored_, config_.recipe.training);
    const SignalWatch signals(options_.stopping);
    view_.started(task_, facts, nn::count_parameters(*stored_.model).total);
    stored_.model->eval();
    try {
      const Report before = task_.validate(stored_, 0);
      open_folder();
      tell(0, before);
      work(next, signals);
    } catch (const Interrupted&) {
      // Before training there is nothing to save, and before the test the model is saved.
    }
    result_.signal = signals.caught();
    if (result_.signal != 0) interrupted();
    view_.finished(result_);
    return std::move(result_);
  }

 private:
  std::string path(const char* name) const {
    return (std::filesystem::path(options_.folder) / name).string();
  }

  void work(const std::function<BatchLoss()>& next, const SignalWatch& signals) {
    const Stopwatch watch;
    result_.steps = train(next, watch, signals);
    result_.train_seconds = watch.seconds();
    save();
    if (signals.caught() == 0) test();
  }

  void event(Json json) {
    metrics_->write(json.dump());
    view_.event(json);
  }

  DataFacts prepare() {
    const auto& settings = config_.recipe.model;
    const auto& training = config_.recipe.training;
    task_.read(options_.places);
    DataFacts facts = task_.set_up(stored_, settings->fields());
    check_fields(settings->fields(), "model");
    stored_.task = settings_json(task_);
    manual_seed(uint64_t(training.seed));
    stored_.model = settings->make();
    stored_.model->name_parameters();
    return facts;
  }

  /// The files of this run in place of an earlier one's: a folder holds one run alone.
  void open_folder() {
    make_folder(options_.folder);
    std::error_code error;
    if (std::filesystem::exists(path("run.json"), error)) view_.replaces(options_.folder);
    for (const char* name : {"model.json", "model.safetensors", "attention.html", "attention.svg",
                             "forecast.svg", "metrics.jsonl"}) {
      std::filesystem::remove(path(name), error);
      if (error) fail<IoError>(path(name), ": cannot remove it: ", error.message());
    }
    const Json echo = to_json(config_).set("machine", options_.machine);
    write_file_atomic(path("run.json"), echo.dump(2) + "\n");
    metrics_.emplace(path("metrics.jsonl"));
  }

  int64_t train(const std::function<BatchLoss()>& next, const Stopwatch& watch,
                const SignalWatch& signals) {
    const TrainingObserver observer{
        .step = [&](const StepReport& report) { step(report, watch.seconds()); },
        .validate = [&](int64_t step) { validate(step); },
        .stop = [&] { return signals.caught() != 0; }};
    const auto& training = config_.recipe.training;
    try {
      return models::train(*stored_.model, next, training, observer, options_.max_steps);
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
              .set("items", report.items)
              .set("seconds", seconds));
    view_.step(report);
  }

  void validate(int64_t step) {
    try {
      const Report report = task_.validate(stored_, step);
      tell(step, report);
      if (!(report.cost < best_cost_)) return;
      best_cost_ = report.cost;
      save();
    } catch (const Interrupted&) {
      // The trainer stops, and the model is saved as it is.
    }
  }

  void tell(int64_t step, const Report& report) {
    if (!report.measures.items().empty()) {
      Json json = Json::object().set("event", "validation").set("step", step);
      for (const auto& [name, value] : report.measures.items()) json.set(name, value);
      event(json.set("samples", samples_json(report.samples)));
    }
    view_.validated(step, report);
  }

  void save() {
    result_.paths = {path("model.json")};
    save_model(result_.paths[0], stored_, options_.save);
  }

  void interrupted() {
    if (!metrics_) return;  // nothing was written
    event(Json::object()
              .set("event", "interrupted")
              .set("signal", result_.signal)
              .set("steps", result_.steps)
              .set("model", result_.paths[0]));
  }

  void test() {
    result_.test = task_.test(stored_);
    write_maps();
    for (const auto& [name, content] : result_.test.files) {
      result_.paths.push_back(path(name.c_str()));
      write_file_atomic(result_.paths.back(), content);
    }
    result_.paths.push_back(path("metrics.jsonl"));
    result_.paths.push_back(path("run.json"));
    Json json = Json::object().set("event", "result").set("task", task_.name());
    for (const auto& [name, value] : result_.test.measures.items()) json.set(name, value);
    event(json.set("train_seconds", result_.train_seconds)
              .set("steps", result_.steps)
              .set("model", result_.paths[0]));
  }

  void write_maps() {
    const auto& maps = result_.test.maps;
    if (maps.empty()) return;
    const auto page = show::attention_page(maps, "heed " + task_.name() + ": attention");
    write_file_atomic(path("attention.html"), page);
    write_file_atomic(path("attention.svg"), show::svg(maps[0]));
    result_.paths.push_back(path("attention.html"));
    result_.paths.push_back(path("attention.svg"));
  }

  const RunConfig& config_;
  Task& task_;
  const RunOptions& options_;
  RunView& view_;
  StoredModel stored_;
  std::optional<LineWriter> metrics_;
  double best_cost_ = std::numeric_limits<double>::infinity();
  RunResult result_;
};

}  // namespace

RunResult run(const RunConfig& config, const RunOptions& options, RunView& view) {
  return Run(config, options, view)();
}

}  // namespace heed::models
