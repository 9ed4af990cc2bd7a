#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/models/tasks/evaluate.h"
#include "heed/models/tasks/run_config.h"

namespace heed::models {

struct RunOptions {
  std::string folder;                          ///< made if it is not there
  std::vector<std::string> dictionaries = {};  ///< see DataPlaces
  int64_t max_steps = 0;                       ///< 0: all of config.training.steps
  Json machine = Json::object();               ///< what run.json tells of the machine
};

/// What a run starts with.
struct RunFacts {
  int64_t train = 0, validation = 0, test = 0;  ///< sources
  int64_t pairs = 0;                            ///< sources with each of their right answers
  int64_t source_tokens = 0, target_tokens = 0;
  int64_t parameters = 0;
};

/// What a run ends with.
struct RunResult {
  int signal = 0;  ///< that ended the run early; the model is saved, the rest is not there
  int64_t steps = 0;
  double train_seconds = 0;
  Evaluation test;
  std::vector<Sample> samples;           ///< ten of the test examples
  std::vector<show::AttentionMap> maps;  ///< of the same examples
  std::vector<std::string> paths;        ///< written, model.json first
};

/// Who watches a run. The task lives until the run has finished.
class RunView {
 public:
  virtual ~RunView() = default;
  virtual void started(const Task&, const RunFacts&) {}
  virtual void step(const StepReport&) {}
  /// Three validation examples as the model writes them, and its error rates on a thousand; before
  /// training (step 0) without rates.
  virtual void validated(int64_t, const data::ErrorRates*, std::span<const Sample>) {}
  virtual void event(const Json&) {}  ///< every line of metrics.jsonl
  virtual void finished(const RunResult&) {}
};

/// Trains a model for a task and tests it. Writes into the folder run.json, metrics.jsonl, and at
/// the end model.json, attention.html and attention.svg. On SIGINT or SIGTERM the step in work is
/// finished and the model saved. Throws DivergedError, IoError, and what reading the data throws.
RunResult run(const RunConfig& config, const RunOptions& options, RunView& view);

}  // namespace heed::models
