#include "heed/models/tasks/run_config.h"

#include "heed/core/error.h"
#include "heed/models/fields.h"

namespace heed::models {

RunConfig default_run(std::string_view task_name) {
  TaskConfig task{.name = std::string(task_name)};
  const Recipe recipe = make_task(task)->recipe();
  return {.task = std::move(task), .model = recipe.model, .training = recipe.training};
}

Json to_json(const RunConfig& config) {
  return Json::object()
      .set("task", fields_to_json(config.task))
      .set("data", config.data)
      .set("model", fields_to_json(config.model))
      .set("training", fields_to_json(config.training));
}

void read_run(RunConfig& config, const JsonReader& object) {
  object.allow_only({"task", "data", "model", "training", "machine"});
  RunConfig read = config;
  const auto part = [&](const char* name, auto& fields) {
    if (const auto found = object.find(name))
      read_fields(list_fields(fields), *found, Absent::kept);
  };
  part("task", read.task);
  part("model", read.model);
  part("training", read.training);
  if (const auto path = object.find("data")) read.data = path->as_string();
  if (read.task.name != config.task.name) {
    fail<FileError>(object.path(), ": this is a run of task \"", read.task.name, "\", not of \"",
                    config.task.name, "\"");
  }
  config = std::move(read);
}

}  // namespace heed::models
