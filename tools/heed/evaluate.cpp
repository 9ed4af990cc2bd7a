#include "commands.h"
#include "heed/models/tasks/task.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

/// The flags of the model's task.
std::vector<Flag> flags_of_task(std::span<const std::string> words) {
  for (const auto& word : words) {
    if (word == "--help" || word == "-h") return {};
    if (!word.starts_with("-")) return flags_of(load(word).task->options());
  }
  return {};
}

int evaluate_model(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a MODEL: a model.json or a run's folder");
  const LoadedModel loaded = load(arguments.texts()[0]);
  set_fields(loaded.task->options(), arguments);
  check_options(*loaded.task, arguments);
  loaded.task->read({.dictionaries = dictionary_places()});
  const Report report = loaded.task->test(loaded.stored);
  if (arguments.has("json")) {
    Json json = Json::object().set("event", "result").set("task", loaded.task->name());
    for (const auto& [key, value] : report.measures.items()) json.set(key, value);
    print_json(json.set(report.counted, report.count).set("model", loaded.path));
    return 0;
  }
  print("test: " + report.words + "\n      on " + text(report.count) + " " + report.counted +
        " never seen in training\n");
  if (!report.remark.empty()) print("      " + report.remark + "\n");
  return 0;
}

}  // namespace

Command evaluate_command() {
  return {.name = "evaluate",
          .arguments = "MODEL",
          .help = "measure a model on its task's test examples again",
          .flags = {{"json", "", "the result as a line of JSON on stdout"}},
          .run = evaluate_model,
          .more_flags = flags_of_task};
}
