#include "heed/models/tasks/evaluate.h"
#include "commands.h"
#include "heed/models/show/text.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

int evaluate_model(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a MODEL: a model.json or a run's folder");
  const LoadedModel loaded = load(arguments.texts()[0]);
  const std::string data = arguments.text("data").value_or("");
  const auto& name = loaded.task->config().name;
  if (name == "pairs" && data.empty()) {
    arguments.refuse("a model of the task pairs is tested on its own data: --data FILE.tsv");
  }
  const auto parts = loaded.task->examples({.path = data, .dictionaries = dictionary_places()});
  const Evaluation result = evaluate(*loaded.task, loaded.model, parts.test);
  if (arguments.has("json")) {
    Json json = Json::object().set("event", "result").set("task", name);
    for (const auto& [key, value] : result.measures.items()) json.set(key, value);
    print_json(json.set("examples", result.rates.sequences).set("model", loaded.path));
    return 0;
  }
  print("test: " + loaded.task->describe(result.rates) + "\n      on " +
        text(result.rates.sequences) + " examples never seen in training\n");
  const std::string remark = loaded.task->remark(result.measures);
  if (!remark.empty()) print("      " + remark + "\n");
  return 0;
}

}  // namespace

Command evaluate_command() {
  return {.name = "evaluate",
          .arguments = "MODEL",
          .help = "measure a model on its task's test examples again",
          .flags = {{"data", "FILE", "the task's data (pairs: needed; g2p: where it is found)"},
                    {"json", "", "the result as a line of JSON on stdout"}},
          .run = evaluate_model};
}
