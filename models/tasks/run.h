#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/models/tasks/run_config.h"

namespace heed::models {

struct RunOptions {
  std::string folder;  ///< made if it is not there
  DataPlaces places = {};
  int64_t max_steps = 0;  ///< 0: all of training.steps
  SaveOptions save = {};
  const char* stopping = "";      ///< told on stderr when a signal comes
  Json machine = Json::object();  ///< what run.json tells of the machine
};

/// What a run ends with.
struct RunResult {
  int signal = 0;  ///< that ended the run early; the model is saved, the rest is not there
  int64_t steps = 0;
  double train_seconds = 0;
  Report test = {};
  std::vector<std::string> paths = {};  ///< written, model.json first; none before training
};

/// Who watches a run.
class RunView {
 public:
  virtual ~RunView() = default;
  virtual void started(const Task&, const DataFacts&, int64_t /*parameters*/) {}
  virtual void replaces(const std::string& /*folder*/) {}  ///< that holds an earlier run
  virtual void step(const StepReport&) {}
  /// What Task::validate tells; at step 0 before training.
  virtual void validated(int64_t /*step*/, const Report&) {}
  virtual void event(const Json&) {}  ///< every line of metrics.jsonl
  virtual void finished(const RunResult&) {}
};

/// Trains a model for a task and tests it. Writes into the folder run.json, metrics.jsonl, and
/// model.json: at each validation that is the best so far (see Report::cost), and at the end as it
/// is then; for models that attend also attention.html and attention.svg. What a run leaves behind
/// replaces that of an earlier one, but nothing is touched before the data is read and the model
/// has been measured once. On SIGINT or SIGTERM the step in work is finished, or a validation left,
/// and the model saved. Throws DivergedError, IoError, and what reading the data throws.
RunResult run(const RunConfig& config, const RunOptions& options, RunView& view);

}  // namespace heed::models
