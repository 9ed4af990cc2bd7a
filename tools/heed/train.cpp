#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "commands.h"
#include "heed/core/io/files.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/models/fields.h"
#include "heed/models/show/progress.h"
#include "heed/models/show/text.h"
#include "heed/models/tasks/run.h"
#include "output.h"
#include "places.h"
#include "version.h"

using namespace heed;
using namespace heed::models;
using show::fixed;

namespace {

struct ViewOptions {
  bool json = false, quiet = false, verbose = false;
  std::string log = {};
  int64_t steps = 0;
};

/// Shows a run: its progress on stderr and in the log, its result on stdout; with --json every
/// event on stdout.
class TrainView final : public RunView {
 public:
  explicit TrainView(ViewOptions options)
      : options_(std::move(options)),
        progress_({.quiet = options_.quiet,
                   .log_every = options_.verbose ? 1.0 : 5.0,
                   .terminal = show::terminal_facts(2)}) {
    if (options_.log.empty()) return;
    log_file_.emplace(options_.log);
    log_.emplace(show::ProgressOptions{.write = [this](std::string_view lines) { log(lines); }});
  }

  void started(const Task& task, const RunFacts& facts) override {
    task_ = &task;
    note(task.config().name + ": " + text(facts.train) + " examples to learn (" +
         text(facts.pairs) + " pairs), " + text(facts.validation) + " to validate, " +
         text(facts.test) + " to test");
    note("model: " + text(facts.parameters) + " parameters, vocabularies of " +
         text(facts.source_tokens) + " and " + text(facts.target_tokens) + " tokens; " +
         text(num_threads()) + " threads");
  }

  void step(const StepReport& report) override {
    const auto now = std::chrono::steady_clock::now();
    tokens_ += report.tokens;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    show::ProgressFields fields{.step = report.step,
                                .total = options_.steps,
                                .loss = report.loss,
                                .smoothed_loss = report.smoothed_loss,
                                .lr = report.learning_rate,
                                .gradient_norm = report.gradient_norm,
                                .items_per_second = double(tokens_) / seconds,
                                .items = "tokens"};
    if (options_.verbose) fields.memory_bytes = memory_statistics().peak_bytes;
    progress_.update(fields);
    if (log_) log_->update(fields);
  }

  void validated(int64_t step, const data::ErrorRates* rates,
                 std::span<const Sample> samples) override {
    note(rates ? "step " + text(step) + ": " + task_->describe(*rates) : "before training:");
    for (const auto& sample : samples) note(line(sample));
    if (step == 0) start_ = std::chrono::steady_clock::now();
  }

  void event(const Json& event) override {
    if (options_.json) print_json(event);
  }

  void finished(const RunResult& result) override {
    progress_.finish();
    if (log_) log_->finish();
    if (result.signal != 0) {
      complain("heed: ended by signal " + text(result.signal) + " after step " +
               text(result.steps) + "; saved " + result.paths[0]);
    } else if (!options_.json) {
      print_result(result);
    }
  }

 private:
  void print_result(const RunResult& result) const {
    const auto& rates = result.test.rates;
    print("test: " + task_->describe(rates) + "\n      on " + text(rates.sequences) +
          " examples never seen, after " + text(result.steps) + " steps in " +
          fixed(result.train_seconds, 1) + " s\n");
    if (const Json* share = result.test.measures.find("year_attention")) {
      print("      " + fixed(share->as_double(), 2) +
            " % of the year's digits were written looking at the year\n");
    }
    print("\n");
    for (const auto& sample : result.samples) print(line(sample) + "\n");
    if (!result.maps.empty()) {
      print("\n" + shown(result.maps[0].title) + "\n" + drawn(result.maps[0]));
    }
    print("\nwritten:\n");
    for (const auto& path : result.paths) print("  " + path + "\n");
  }

  void note(const std::string& line) {
    progress_.note(line);
    if (log_) log_->note(line);
  }

  void log(std::string_view lines) {
    while (!lines.empty()) {
      const size_t end = lines.find('\n');
      log_file_->write(lines.substr(0, end));
      lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
    }
  }

  static std::string line(const Sample& sample) {
    const std::string verdict = sample.right ? "right" : "wrong: " + shown(sample.expected);
    return "  " + shown(sample.source) + "  →  " + shown(sample.written) + "   (" + verdict + ")";
  }

  ViewOptions options_;
  show::Progress progress_;
  std::optional<LineWriter> log_file_;
  std::optional<show::Progress> log_;
  const Task* task_ = nullptr;
  int64_t tokens_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// --set key=value: a field of the model's or the training's configuration.
void set(RunConfig& config, const std::string& word, const Arguments& arguments) {
  const size_t equals = word.find('=');
  if (equals == word.npos) arguments.refuse("--set: expected key=value, got \"", word, "\"");
  const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
  auto fields = list_fields(config.model);
  for (const auto& field : list_fields(config.training)) fields.push_back(field);
  std::erase_if(fields, [](const Field& field) {  // taken from the data
    return field.name == "source_tokens" || field.name == "target_tokens";
  });
  try {
    set_field(fields, key, value);
  } catch (const Error& error) {
    arguments.refuse("--set: ", error.what());
  }
}

RunConfig configuration(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a task: " + task_names());
  const std::string& name = arguments.texts()[0];
  if (!is_task(name)) arguments.refuse("there is no task \"", name, "\"; there are ", task_names());
  RunConfig config = default_run(name);
  if (const auto path = arguments.text("config")) {
    const Json json = parse_json(read_file(*path), *path);
    read_run(config, JsonReader(json, *path));
  }
  if (const auto data = arguments.text("data")) config.data = *data;
  if (const auto unit = arguments.text("unit")) {
    if (name != "pairs") arguments.refuse("--unit is for the task pairs");
    if (*unit != "character" && *unit != "word") {
      arguments.refuse("--unit: expected character or word, got \"", *unit, "\"");
    }
    config.task.unit = *unit;
  }
  if (const auto seed = arguments.integer("seed", 0)) config.training.seed = *seed;
  for (const auto& word : arguments.all("set")) set(config, word, arguments);
  if (name == "dates" && !config.data.empty()) arguments.refuse("dates: there is no --data");
  if (name == "pairs" && config.data.empty()) arguments.refuse("pairs: --data FILE.tsv is missing");
  return config;
}

int train_task(const Arguments& arguments) {
  const RunConfig config = configuration(arguments);
  const int64_t max_steps = arguments.integer("max-steps", 1).value_or(0);
  const int64_t all = config.training.steps;
  TrainView view({.json = arguments.has("json"),
                  .quiet = arguments.has("quiet"),
                  .verbose = arguments.has("verbose"),
                  .log = arguments.text("log").value_or(""),
                  .steps = max_steps > 0 ? std::min(max_steps, all) : all});
  const RunResult result =
      run(config,
          {.folder = arguments.text("out").value_or("runs/" + config.task.name),
           .dictionaries = dictionary_places(),
           .max_steps = max_steps,
           .machine = machine()},
          view);
  return result.signal == 0 ? 0 : 128 + result.signal;
}

std::string details() {
  std::string text = "tasks:\n";
  for (const auto& task : tasks()) text += "  " + task.name + "  " + task.help + "\n";
  for (const auto& task : tasks()) {
    RunConfig config = default_run(task.name);
    text += "\n--set for " + task.name + ", with its values unless set:\n" +
            describe(list_fields(config.model)) + describe(list_fields(config.training));
  }
  return text;
}

}  // namespace

Command train_command() {
  return {
      .name = "train",
      .arguments = "TASK",
      .help = "train a model for a task: g2p, dates or pairs",
      .flags = {{"data", "FILE", "the task's data (g2p: the CMU dictionary, where it is found)"},
                {"unit", "UNIT", "pairs: cut texts into each character or word (character)"},
                {"out", "DIR", "the run's folder (runs/TASK)"},
                {"seed", "N", "of the random numbers (1)"},
                {"max-steps", "N", "stop after N steps, on the schedule of all"},
                {"set", "KEY=VALUE", "set a field of the model or the training, see below"},
                {"config", "FILE", "start from the run.json of another run"},
                {"json", "", "every event as a line of JSON on stdout"},
                {"quiet", "", "no progress"},
                {"log", "FILE", "write progress to a file too"},
                {"verbose", "", "more lines in logs, and the memory used", 'v'}},
      .run = train_task,
      .details = details};
}
