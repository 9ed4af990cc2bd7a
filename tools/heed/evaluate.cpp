#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "heed/core/io/files.h"
#include "heed/models/fields.h"
#include "heed/models/show/text.h"
#include "heed/models/tasks/task.h"
#include "heed/nn/compact.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

/// The options that measuring heeds.
std::vector<Field> test_options(Task& task) {
  auto fields = task.options();
  const auto names = task.test_options();
  std::erase_if(fields, [&](const Field& field) {
    return std::find(names.begin(), names.end(), field.name) == names.end();
  });
  return fields;
}

std::vector<Flag> flags_of_task(std::span<const std::string> words) {
  const std::string model = named_model(words);
  if (model.empty()) return {};
  return flags_of(test_options(*load(model).task));
}

bool is_file(const Field& field) { return std::holds_alternative<std::string*>(field.value); }

/// What the run beside the model was given, as far as measuring heeds it: null where none is known.
Json options_of_run(const Task& task, const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  const Json json = parse_json(read_file(path), path);
  const auto options = JsonReader(json, path).find("task");
  const auto name = options ? options->find("name") : std::nullopt;
  return name && name->as_string() == task.name() ? options->json() : Json();
}

/// Sets the options as the run did, and tells of its files; the user's own files replace all files.
void repeat_options(LoadedModel& loaded, const Arguments& arguments) {
  auto& task = *loaded.task;
  const auto folder = std::filesystem::path(loaded.path).parent_path();
  const std::string path = (folder / "run.json").string();
  const Json options = options_of_run(task, path);
  if (options.type() != Json::Type::object) return;
  auto fields = test_options(task);
  const auto given = [&](const Field& field) { return arguments.has(flag_name(field)); };
  const bool own_files = std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return is_file(field) && given(field);
  });
  Json kept = Json::object();
  std::erase_if(fields, [&](const Field& field) {
    const Json* value = options.find(field.name);
    if (!value || given(field) || (own_files && is_file(field))) return true;
    kept.set(field.name, *value);
    return false;
  });
  read_fields(fields, JsonReader(kept, path + ": task"), Absent::kept);
  for (const auto& field : fields) {
    const auto* file = std::get_if<std::string*>(&field.value);
    if (!file || (*file)->empty()) continue;
    complain("heed: evaluate: --" + flag_name(field) + " " + shown(**file) + ", as in " + path);
  }
}

int evaluate_model(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a MODEL: a model.json or a run's folder");
  const auto weights = chosen_weights(arguments);
  LoadedModel loaded = load(arguments.texts()[0]);
  repeat_options(loaded, arguments);
  set_fields(test_options(*loaded.task), arguments);
  check_options(*loaded.task, arguments);
  if (weights) nn::compact_(*loaded.stored.model, *weights);
  loaded.task->read({.dictionaries = dictionary_places()});
  const Report report = loaded.task->test(loaded.stored);
  if (arguments.has("json")) {
    Json json = Json::object().set("event", "result").set("task", loaded.task->name());
    for (const auto& [key, value] : report.measures.items()) json.set(key, value);
    print_json(json.set(report.counted, report.count).set("model", loaded.path));
    return 0;
  }
  print(report.part + ": " + report.words + "\n      on " +
        show::counted(report.count, report.counted) + " " + report.origin + "\n");
  if (!report.remark.empty()) print("      " + report.remark + "\n");
  return 0;
}

std::string details(const Arguments& arguments) {
  return arguments.texts().empty()
             ? "heed evaluate MODEL --help lists the flags for the data of that model's task.\n"
             : "Data that no flag names are those that run.json beside the model names.\n";
}

}  // namespace

Command evaluate_command() {
  return {.name = "evaluate",
          .arguments = "MODEL",
          .help = "measure a model on its task's test examples again",
          .flags = {{"json", "", "the result as a line of JSON on stdout"}, weights_flag()},
          .run = evaluate_model,
          .details = details,
          .more_flags = flags_of_task};
}
