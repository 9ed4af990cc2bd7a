#include <algorithm>

#include "commands.h"
#include "heed/core/io/files.h"
#include "heed/models/fields.h"
#include "heed/models/tasks/run.h"
#include "output.h"
#include "places.h"
#include "train_view.h"
#include "version.h"

using namespace heed;
using namespace heed::models;

namespace {

/// The fields that --set sets: the model's, but for what is taken from the data, and training's.
std::vector<Field> settable(RunConfig& config) {
  auto fields = list_fields(config.model);
  std::erase_if(fields, [](const Field& field) {
    return field.name == "source_tokens" || field.name == "target_tokens";
  });
  for (const auto& field : list_fields(config.training)) fields.push_back(field);
  return fields;
}

void set(RunConfig& config, const std::string& word, const Arguments& arguments) {
  const size_t equals = word.find('=');
  if (equals == word.npos) arguments.refuse("--set: expected key=value, got \"", word, "\"");
  try {
    set_field(settable(config), word.substr(0, equals), word.substr(equals + 1));
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

std::string details(const Arguments& arguments) {
  std::string text = "tasks:\n";
  for (const auto& task : tasks()) text += "  " + padded(task.name, 7) + task.help + "\n";
  const std::string name = arguments.texts().empty() ? "" : arguments.texts()[0];
  if (!is_task(name)) return text + "\nheed train TASK --help lists what --set can set.\n";
  RunConfig config = default_run(name);
  return text + "\n--set, with the values that " + name + " has unless set:\n" +
         describe(settable(config));
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
