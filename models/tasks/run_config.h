#pragma once

#include <memory>
#include <string_view>

#include "heed/models/tasks/task.h"

namespace heed::models {

/// Everything that the numbers of a training run depend on; run.json holds it.
struct RunConfig {
  std::unique_ptr<Task> task;
  Recipe recipe;
};

/// The task's own configuration of a run, with the model of that type, or its default one, which
/// may depend on the task's options. Error for types that do not fit the task.
RunConfig default_run(std::unique_ptr<Task> task, std::string_view model = "");
inline RunConfig default_run(std::string_view task, std::string_view model = "") {
  return default_run(make_task(task), model);
}

Json to_json(const RunConfig& config);

/// The configuration that an object like run.json describes; what it leaves out is as in
/// default_run. "machine" is skipped. Throws FileError, also when it is for another task.
RunConfig read_run(std::string_view task, const JsonReader& object);

}  // namespace heed::models
