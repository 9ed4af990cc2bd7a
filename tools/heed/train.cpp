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

/// The field that a name, which is none, was meant to be.
std::optional<std::string> meant_field(RunConfig& config, std::string_view name) {
  const auto fields = settable(config);
  if (find_field(fields, name)) return {};
  std::vector<std::string_view> names;
  for (const auto& field : fields) names.push_back(field.name);
  return nearest(name, names);
}

void set(RunConfig& config, const std::string& word, const Arguments& arguments) {
  const size_t equals = word.find('=');
  if (equals == word.npos) arguments.refuse("--set: expected key=value, got \"", word, "\"");
  try {
    set_field(settable(config), word.substr(0, equals), word.substr(equals + 1));
  } catch (const Error& error) {
    const auto meant = meant_field(config, word.substr(0, equals));
    arguments.refuse("--set: ", error.what(), meant ? "; did you mean " + *meant + "?" : "");
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

/// The name in front of a list's explanations.
std::string listed(const std::string& name, const std::string& help, int width) {
  return "  " + padded(name, width + 2) + help + "\n";
}

std::string list_of_tasks() {
  size_t width = 0;
  for (const auto& task : tasks()) width = std::max(width, task.name.size());
  std::string text = "tasks:\n";
  for (const auto& task : tasks()) text += listed(task.name, task.help, int(width));
  return text;
}

std::string list_of_models(const std::vector<Recipe>& recipes) {
  size_t width = 0;
  for (const auto& recipe : recipes) width = std::max(width, recipe.type.size());
  std::string text;
  for (const auto& recipe : recipes) {
    const std::string input = recipe.input.empty() ? "" : " (" + recipe.input + ")";
    text += listed(recipe.type, find_type(types(), recipe.type).help + input, int(width));
  }
  return text;
}

/// As base(), but data that are not there are no reason not to tell of a model.
RunConfig for_help(const std::string& task, const Arguments& arguments) {
  const auto model = arguments.text("model");
  RunConfig config{.task = make_task(task), .recipe = {}};
  for (auto& recipe : config.task->recipes()) {
    if (arguments.has("config") || recipe.type != model) continue;
    config.recipe = std::move(recipe);
    return config;
  }
  return base(task, arguments);
}

std::string usage_of(const Arguments& arguments) {
  const std::string name = named_task(arguments.texts());
  std::string help = "train a model for a task: " + task_names();
  for (const auto& task : tasks()) {
    if (task.name == name) help = task.help;
  }
  return "usage: heed train " + (name.empty() ? "TASK" : name) + " [FLAGS]\n\n  " + help;
}

std::string details(const Arguments& arguments) {
  const std::string name = named_task(arguments.texts());
  if (name.empty())
    return list_of_tasks() +
           "\nheed train TASK --help lists the flags of a task, its models, "
           "and what --set can set.\n";
  RunConfig config = for_help(name, arguments);
  auto fields = settable(config);
  std::erase_if(fields, [](const Field& field) { return field.name == "seed"; });  // a flag
  return "models of " + name + ":\n" + list_of_models(config.task->recipes()) +
         "\n--set, with the values that a " + config.recipe.type + " for " + name +
         " has unless set:\n" + describe(fields);
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
      .usage = usage_of,
      .more_flags = flags_of_task};
}
