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
  auto fields = config.recipe.model->fields();
  const auto sizes = config.task->sizes();
  std::erase_if(fields, [&](const Field& field) {
    return std::find(sizes.begin(), sizes.end(), field.name) != sizes.end();
  });
  for (const auto& field : list_fields(config.recipe.training)) fields.push_back(field);
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

/// The run that --config and --model name, where the model may depend on the task's flags.
RunConfig base(const std::string& task, const Arguments& arguments) {
  const auto path = arguments.text("config"), model = arguments.text("model");
  if (path) {
    const Json json = parse_json(read_file(*path), *path);
    RunConfig config = read_run(task, JsonReader(json, *path));
    if (!model || *model == config.recipe.type) return config;
    arguments.refuse("--model ", *model, ": ", *path, " is of a ", config.recipe.type);
  }
  auto made = make_task(task);
  set_fields(made->options(), arguments);
  try {
    return default_run(std::move(made), model.value_or(""));
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    arguments.refuse(error.what());
  }
}

RunConfig configuration(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a task: " + task_names());
  const std::string& name = arguments.texts()[0];
  if (!is_task(name)) arguments.refuse("there is no task \"", name, "\"; there are ", task_names());
  RunConfig config = base(name, arguments);
  set_fields(config.task->options(), arguments);
  check_options(*config.task, arguments);
  if (const auto seed = arguments.integer("seed", 0)) config.recipe.training.seed = *seed;
  for (const auto& word : arguments.all("set")) set(config, word, arguments);
  return config;
}

/// What --format asks for.
bool weights_apart(const Arguments& arguments) {
  const std::string format = arguments.text("format").value_or("json");
  if (format == "json" || format == "safetensors") return format == "safetensors";
  arguments.refuse("--format: expected json or safetensors, got \"", format, "\"");
}

int train_task(const Arguments& arguments) {
  const RunConfig config = configuration(arguments);
  const int64_t max_steps = arguments.integer("max-steps", 1).value_or(0);
  const int64_t all = config.recipe.training.steps;
  TrainView view({.json = arguments.has("json"),
                  .quiet = arguments.has("quiet"),
                  .verbose = arguments.has("verbose"),
                  .log = arguments.text("log").value_or(""),
                  .steps = max_steps > 0 ? std::min(max_steps, all) : all});
  const std::string folder = arguments.text("out").value_or("runs/" + config.task->name());
  const RunResult result =
      run(config,
          {.folder = folder,
           .places = {.dictionaries = dictionary_places()},
           .max_steps = max_steps,
           .save = {.safetensors = weights_apart(arguments)},
           .stopping = "\nheed: stopping after this step; again to end at once\n",
           .machine = machine()},
          view);
  return result.signal == 0 ? 0 : 128 + result.signal;
}

/// The task that the words name, or an empty text.
std::string named_task(std::span<const std::string> words) {
  const auto found = std::find_if(words.begin(), words.end(), is_task);
  return found == words.end() ? "" : *found;
}

std::vector<Flag> flags_of_task(std::span<const std::string> words) {
  const std::string task = named_task(words);
  return task.empty() ? std::vector<Flag>() : flags_of(make_task(task)->options());
}

std::string details(const Arguments& arguments) {
  std::string text = "tasks:\n";
  for (const auto& task : tasks()) text += "  " + padded(task.name, 10) + task.help + "\n";
  const std::string name = named_task(arguments.texts());
  if (name.empty())
    return text +
           "\nheed train TASK --help lists the flags of a task, its models, "
           "and what --set can set.\n";
  RunConfig config = base(name, arguments);
  text += "\nmodels of " + name + ":\n";
  for (const auto& recipe : config.task->recipes()) {
    text += "  " + padded(recipe.type, 10) + find_type(types(), recipe.type).help + "\n";
  }
  return text + "\n--set, with the values that a " + config.recipe.type + " for " + name +
         " has unless set:\n" + describe(settable(config));
}

}  // namespace

Command train_command() {
  return {
      .name = "train",
      .arguments = "TASK",
      .help = "train a model for a task: " + task_names(),
      .flags = {{"model", "TYPE", "which model, where several fit"},
                {"out", "DIR", "the run's folder (runs/TASK)"},
                {"seed", "N", "of the random numbers (1)"},
                {"format", "FORMAT", "json, or safetensors: weights in a file beside it (json)"},
                {"max-steps", "N", "stop after N steps, on the schedule of all"},
                {"set", "KEY=VALUE", "set a field of the model or the training, see below"},
                {"config", "FILE", "start from the run.json of another run"},
                {"json", "", "every event as a line of JSON on stdout"},
                {"quiet", "", "no progress"},
                {"log", "FILE", "write progress to a file too"},
                {"verbose", "", "more lines in logs, and the memory used", 'v'}},
      .run = train_task,
      .details = details,
      .more_flags = flags_of_task};
}
