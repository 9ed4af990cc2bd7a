#include "heed/models/tasks/evaluate.h"

#include <algorithm>

namespace heed::models {
namespace {

using Tokens = std::vector<std::string>;

std::vector<Transcript> write(const Task& task, const TextModel& model,
                              std::span<const data::Example> examples, bool weights) {
  std::vector<Tokens> sources;
  for (const auto& example : examples) sources.push_back(example.source);
  return transcribe(model, sources, {.max_length = task.config().max_length, .weights = weights});
}

data::ErrorRates rates_of(std::span<const data::Example> examples,
                          std::span<const Transcript> transcripts) {
  std::vector<Tokens> written;
  std::vector<std::vector<Tokens>> right;
  for (const auto& transcript : transcripts) written.push_back(transcript.target);
  for (const auto& example : examples) right.push_back(example.targets);
  return data::error_rates(written, right);
}

const Tokens& closest(const std::vector<Tokens>& answers, const Tokens& written) {
  return *std::min_element(answers.begin(), answers.end(), [&](const auto& a, const auto& b) {
    return data::edit_distance(a, written) < data::edit_distance(b, written);
  });
}

}  // namespace

Evaluation evaluate(const Task& task, const TextModel& model,
                    std::span<const data::Example> examples) {
  const auto transcripts = write(task, model, examples, task.wants_weights());
  Evaluation result{.rates = rates_of(examples, transcripts), .measures = {}};
  result.measures = task.measures(result.rates);
  task.measure_attention(transcripts, result.measures);
  return result;
}

data::ErrorRates measure(const Task& task, const TextModel& model,
                         std::span<const data::Example> examples) {
  return rates_of(examples, write(task, model, examples, false));
}

std::vector<Sample> samples(const Task& task, std::span<const data::Example> examples,
                            std::span<const Transcript> transcripts) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto& written = transcripts[i].target;
    const auto& expected = closest(examples[i].targets, written);
    samples.push_back({.source = data::join(task.source_unit(), examples[i].source),
                       .written = data::join(task.target_unit(), written),
                       .expected = data::join(task.target_unit(), expected),
                       .right = written == expected});
  }
  return samples;
}

std::vector<Transcript> write(const Task& task, const TextModel& model,
                              std::span<const data::Example> examples) {
  return write(task, model, examples, true);
}

std::vector<data::Example> spread(std::span<const data::Example> examples, int64_t count) {
  const auto size = int64_t(examples.size());
  count = std::min(count, size);
  std::vector<data::Example> chosen;
  for (int64_t i = 0; i < count; ++i) chosen.push_back(examples[size_t(i * size / count)]);
  return chosen;
}

}  // namespace heed::models
