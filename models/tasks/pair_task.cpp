#include "heed/models/tasks/pair_task.h"

#include <algorithm>

#include "heed/core/error.h"
#include "heed/models/show/sensitivity.h"
#include "heed/models/show/text.h"
#include "heed/models/train/pair_loss.h"

namespace heed::models {
namespace {

using Tokens = std::vector<std::string>;

const Tokens& closest(const std::vector<Tokens>& answers, const Tokens& written) {
  return *std::min_element(answers.begin(), answers.end(), [&](const auto& a, const auto& b) {
    return data::edit_distance(a, written) < data::edit_distance(b, written);
  });
}

/// Three examples worth watching: of the longer half.
std::vector<data::Example> watched_examples(std::span<const data::Example> examples) {
  std::vector<size_t> lengths;
  for (const auto& example : examples) lengths.push_back(example.source.size());
  const auto middle = lengths.begin() + std::ptrdiff_t(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  std::vector<data::Example> longer;
  for (const auto& example : examples) {
    if (example.source.size() >= *middle) longer.push_back(example);
  }
  return spread(longer, 3);
}

int64_t longest_target(std::span<const data::EncodedPair> pairs) {
  size_t longest = 0;
  for (const auto& pair : pairs) longest = std::max(longest, pair.target.size());
  return int64_t(longest);
}

/// Moves the map that shows most to the front: of the right answers of at most 24 tokens, that with
/// the longest source.
void best_first(std::vector<show::AttentionMap>& maps, const std::vector<bool>& right) {
  size_t best = 0, longest = 0;
  for (size_t i = 0; i < maps.size(); ++i) {
    const size_t length = maps[i].source.size();
    if (!right[i] || length > 24 || length <= longest) continue;
    best = i;
    longest = length;
  }
  if (!maps.empty()) std::rotate(maps.begin(), maps.begin() + std::ptrdiff_t(best), maps.end());
}

}  // namespace

Json PairTask::measures(const data::ErrorRates& rates) const {
  return Json::object()
      .set("exact_match", 100 - rates.sequence_error_rate)
      .set("token_error_rate", rates.token_error_rate);
}

std::string PairTask::describe(const Json& measures) const {
  return show::fixed(measures.find("exact_match")->as_double(), 2) + " % exact, " +
         show::fixed(measures.find("token_error_rate")->as_double(), 2) + " % of the tokens wrong";
}

data::TokenizerOptions PairTask::tokenizer_options(data::Unit unit) const {
  return {.kind = data::text(unit), .specials = true};
}

std::vector<Field> PairTask::settings() { return list_fields(kept); }

std::vector<Field> PairTask::options() {
  FieldVisitor visit;
  visit("teacher_forcing", chosen.teacher_forcing, {.min = 0, .max = 1},
        "share of right tokens that the decoder reads in training (1)");
  visit("longest", chosen.longest, {.min = 0},
        "leave longer pairs out of training, in tokens (" + text(chosen.longest) + "; 0: none)");
  visit("beam", chosen.beam, {.min = 1, .max = 1024}, "beams of the test (1: greedy)");
  return visit.take();
}

DataFacts PairTask::set_up(StoredModel& stored, std::span<const Field> model) {
  std::vector<std::string> sources, targets;
  for (const auto& example : parts_.train) {
    sources.push_back(data::join(source_unit(), example.source));
    for (const auto& answer : example.targets) targets.push_back(data::join(target_unit(), answer));
  }
  const std::shared_ptr source = data::train_tokenizer(sources, tokenizer_options(source_unit()));
  const std::shared_ptr target = data::train_tokenizer(targets, tokenizer_options(target_unit()));
  set_size(model, "source_tokens", source->size());
  set_size(model, "target_tokens", target->size());
  pairs_.clear();
  auto answer = targets.begin();
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto ids = source->encode(sources[i]);
    for (size_t k = 0; k < parts_.train[i].targets.size(); ++k) {
      data::EncodedPair pair{.source = ids, .target = target->encode(*answer++)};
      const auto length = int64_t(std::max(pair.source.size(), pair.target.size()));
      if (chosen.longest == 0 || length <= chosen.longest) pairs_.push_back(std::move(pair));
    }
  }
  const auto left_out = int64_t(targets.size() - pairs_.size());
  require(left_out == 0 || !pairs_.empty(), name(), ": every pair to learn has more than ",
          show::counted(chosen.longest, "tokens"),
          " on a side; --longest N keeps those of at most N");
  kept.max_length = longest_target(pairs_) * 3 / 2 + 1;
  watched_ = watched_examples(parts_.validation);
  checked_ = spread(parts_.validation, 1000);
  stored.tokenizers = {{"source", source}, {"target", target}};
  auto notes = parts_.notes;
  if (left_out > 0) {
    notes.push_back(show::counted(left_out, "pairs") + " with more than " +
                    show::counted(chosen.longest, "tokens") +
                    " on a side left out of training (--longest)");
  }
  note_small_parts(notes, int64_t(checked_.size()), int64_t(parts_.test.size()));
  return {.examples = show::counted(int64_t(parts_.train.size()), "examples") + " to learn (" +
                      show::counted(int64_t(pairs_.size()), "pairs") + "), " +
                      show::grouped(int64_t(checked_.size())) + " to validate, " +
                      show::grouped(int64_t(parts_.test.size())) + " to test",
          .sizes = "vocabularies of " + show::grouped(source->size()) + " and " +
                   show::grouped(target->size()) + " tokens",
          .items = "tokens",
          .notes = std::move(notes)};
}

std::function<BatchLoss()> PairTask::begin(const StoredModel& stored,
                                           const TrainingConfig& config) {
  return pair_loss(as<Seq2Seq>(*stored.model), pairs_, config, chosen.teacher_forcing);
}

std::vector<Transcript> PairTask::write(const StoredModel& stored,
                                        std::span<const data::Example> examples,
                                        TranscribeOptions how) const {
  std::vector<std::string> sources;
  for (const auto& example : examples) {
    sources.push_back(data::join(source_unit(), example.source));
  }
  how.max_length = kept.max_length;
  return transcribe(stored, sources, how);
}

/// What was written in the task's units: the model's own tokens, where they are such units.
Tokens PairTask::written(const StoredModel& stored, const Transcript& transcript) const {
  const bool same = stored.tokenizer("target").kind() == data::text(target_unit());
  return same ? transcript.target : data::split(target_unit(), transcript.text);
}

Report PairTask::measured(const Examined& examined) const {
  std::vector<Tokens> answers;
  std::vector<std::vector<Tokens>> right;
  for (const auto& transcript : examined.transcripts) {
    answers.push_back(written(examined.stored, transcript));
  }
  for (const auto& example : examined.examples) right.push_back(example.targets);
  const auto rates = data::error_rates(answers, right);
  Report report{.measures = measures(rates),
                .cost = rates.token_error_rate,
                .count = int64_t(answers.size())};
  measure_more(examined, report.measures);
  report.words = describe(report.measures);
  return report;
}

std::vector<Sample> PairTask::samples(const StoredModel& stored,
                                      std::span<const data::Example> examples,
                                      std::span<const Transcript> transcripts) const {
  std::vector<Sample> samples;
  for (size_t i = 0; i < examples.size(); ++i) {
    const Tokens answer = written(stored, transcripts[i]);
    const Tokens& expected = closest(examples[i].targets, answer);
    samples.push_back({.source = data::join(source_unit(), examples[i].source),
                       .written = data::join(target_unit(), answer),
                       .expected = data::join(target_unit(), expected),
                       .right = answer == expected});
  }
  return samples;
}

Report PairTask::validate(const StoredModel& stored, int64_t step) {
  Report report;
  if (step > 0) report = measured({stored, checked_, write(stored, checked_, {})});
  report.samples = samples(stored, watched_, write(stored, watched_, {.weights = true}));
  return report;
}

Report PairTask::test(const StoredModel& stored) {
  const auto transcripts =
      write(stored, parts_.test, {.beam = chosen.beam, .weights = wants_weights()});
  Report report = measured({stored, parts_.test, transcripts, true});
  report.remark = remark(report.measures);
  const auto shown = spread(parts_.test, 10);
  const auto transcribed = write(stored, shown, {.beam = chosen.beam, .weights = true});
  report.samples = samples(stored, shown, transcribed);
  std::vector<bool> right;
  for (size_t i = 0; i < transcribed.size(); ++i) {
    const auto& sample = report.samples[i];
    if (transcribed[i].weights.empty()) continue;
    right.push_back(sample.right);
    report.maps.push_back(attention_map(transcribed[i], sample.source + " → " + sample.written));
  }
  best_first(report.maps, right);
  return report;
}

std::vector<Answer> PairTask::answer(const StoredModel& stored, std::span<const std::string> texts,
                                     const AskOptions& options) const {
  std::vector<Answer> answers(texts.size());
  std::vector<std::string> sources;
  std::vector<Answer*> readable;
  for (size_t i = 0; i < texts.size(); ++i) {
    answers[i].source = texts[i];
    try {
      std::string text = normalized(texts[i]);
      check_readable(stored.tokenizer("source"), text);
      sources.push_back(std::move(text));
      readable.push_back(&answers[i]);
    } catch (const Error& error) {
      answers[i].error = error.what();
    }
  }
  const auto found = transcribe(stored, sources,
                                {.max_length = kept.max_length,
                                 .beam = options.beam,
                                 .weights = options.maps,
                                 .sensitivity = options.maps});
  for (size_t i = 0; i < found.size(); ++i) {
    Answer& answer = *readable[i];
    answer.text = found[i].text;
    answer.facts.set("log_probability", found[i].log_probability);
    const std::string title = answer.source + " → " + answer.text;
    if (!found[i].weights.empty()) answer.maps.push_back(attention_map(found[i], title));
    if (found[i].sensitivity.defined())
      answer.maps.push_back(show::sensitivity_map(found[i].source, found[i].target,
                                                  found[i].sensitivity, "sensitivity: " + title));
  }
  return answers;
}

std::vector<Recipe> pair_recipes(int64_t embedding, int64_t hidden, double dropout,
                                 const TrainingConfig& training) {
  std::vector<Recipe> recipes;
  for (const auto& type : types_of(kind_name<Seq2Seq>())) {
    recipes.push_back({.type = type.name, .model = type.settings(), .training = training});
    const auto fields = recipes.back().model->fields();
    preset(fields,
           {{"embedding", text(embedding)}, {"hidden", text(hidden)}, {"dropout", text(dropout)}});
    if (!find_field(fields, "width")) continue;  // transformers have a larger network inside
    preset(fields, {{"width", text(hidden)}, {"hidden", text(4 * hidden)}});
    recipes.back().training.learning_rate = std::min(training.learning_rate, 1e-3);
  }
  return recipes;
}

std::vector<data::Example> spread(std::span<const data::Example> examples, int64_t count) {
  const auto size = int64_t(examples.size());
  count = std::min(count, size);
  std::vector<data::Example> chosen;
  for (int64_t i = 0; i < count; ++i) chosen.push_back(examples[size_t(i * size / count)]);
  return chosen;
}

}  // namespace heed::models
