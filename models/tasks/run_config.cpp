#include "heed/models/tasks/run_config.h"

#include "heed/core/error.h"

namespace heed::models {
namespace {

void read_task(Task& task, const JsonReader& json) {
  auto fields = task.settings();
  for (const auto& option : task.options()) {
    if (!find_field(fields, option.name)) fields.push_back(option);
  }
  std::string name;
  fields.push_back({.name = "name", .value = &name, .help = ""});
  read_fields(fields, json, Absent::kept);
}

/// FileError when the object describes a run of another task.
void check_task(std::string_view task, const JsonReader& object) {
  const auto part = object.find("task");
  const auto name = part ? part->find("name") : std::nullopt;
  if (!name || name->as_string() == task) return;
  fail<FileError>(object.path(), ": this is a run of task ", name->json(), ", not of \"", task,
                  "\"");
}

RunConfig run_with_model(std::unique_ptr<Task> task, const JsonReader& type) {
  try {
    return default_run(std::move(task), type.as_string());
  } catch (const Error& error) {
    fail<FileError>(type.path(), ": ", error.what());
  }
}

}  // namespace

RunConfig default_run(std::unique_ptr<Task> task, std::string_view model) {
  RunConfig config;
  std::string known;
  for (auto& recipe : task->recipes()) {
    known += (known.empty() ? "" : ", ") + recipe.type;
    if (!recipe.input.empty()) known += " (" + recipe.input + ")";
    if (config.recipe.model || (model.empty() ? !recipe.fits : model != recipe.type)) continue;
    require(recipe.fits, "the model ", recipe.type, " reads ", recipe.input,
            ", and the data are none: see --data");
    config.recipe = std::move(recipe);
  }
  require(config.recipe.model != nullptr, "the task ", task->name(), " has no model \"", model,
          "\"; there are ", known);
  config.task = std::move(task);
  return config;
}

Json to_json(const RunConfig& config) {
  TrainingConfig training = config.recipe.training;
  return Json::object()
      .set("task", to_json(*config.task))
      .set("model", Json::object()
                        .set("type", config.recipe.type)
                        .set("config", to_json(config.recipe.model->fields())))
      .set("training", fields_to_json(training));
}

RunConfig read_run(std::string_view name, const JsonReader& object) {
  object.allow_only({"task", "model", "training", "machine"});
  check_task(name, object);
  auto task = make_task(name);
  if (const auto json = object.find("task")) read_task(*task, *json);
  const auto model = object.find("model");
  if (model) model->allow_only({"type", "config"});
  RunConfig config =
      model ? run_with_model(std::move(task), model->at("type")) : default_run(std::move(task));
  if (model) read_fields(config.recipe.model->fields(), model->at("config"), Absent::kept);
  if (const auto json = object.find("training")) {
    read_fields(list_fields(config.recipe.training), *json, Absent::kept);
  }
  return config;
}

}  // namespace heed::models
