#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/models/tasks/task.h"

namespace heed::models {

/// How well a model does on examples.
struct Evaluation {
  data::ErrorRates rates;
  Json measures;  ///< in per cent, under the task's names
};

/// Lets the model write a target for every example and compares it with the right answers.
Evaluation evaluate(const Task& task, const TextModel& model,
                    std::span<const data::Example> examples);

/// The error rates alone, of examples that need not be the task's test examples.
data::ErrorRates measure(const Task& task, const TextModel& model,
                         std::span<const data::Example> examples);

/// One example with what the model wrote for it, as text.
struct Sample {
  std::string source;
  std::string written;
  std::string expected;  ///< the right answer that is closest to what was written
  bool right = false;
};

/// The samples of examples and their transcripts.
std::vector<Sample> samples(const Task& task, std::span<const data::Example> examples,
                            std::span<const Transcript> transcripts);

/// Lets the model write targets for a few examples, with weights.
std::vector<Transcript> write(const Task& task, const TextModel& model,
                              std::span<const data::Example> examples);

/// At most `count` examples at equal distances in the list.
std::vector<data::Example> spread(std::span<const data::Example> examples, int64_t count);

}  // namespace heed::models
