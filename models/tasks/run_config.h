#pragma once

#include <string>
#include <string_view>

#include "heed/models/tasks/task.h"

namespace heed::models {

/// Everything that the numbers of a training run depend on; run.json holds it.
struct RunConfig {
  TaskConfig task;
  std::string data = {};  ///< the file that the user named
  BahdanauConfig model;
  TrainingConfig training;
};

/// The task's own configuration of a run.
RunConfig default_run(std::string_view task_name);

Json to_json(const RunConfig& config);
/// Sets what the object says and keeps the rest; "machine" is skipped. Throws FileError, and then
/// has changed nothing.
void read_run(RunConfig& config, const JsonReader& object);

}  // namespace heed::models
