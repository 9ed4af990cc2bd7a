#include "heed/models/tasks/pair_task.h"

#include <algorithm>

#include "heed/core/error.h"
#include "heed/models/show/text.h"
#include "heed/models/train/pair_loss.h"

namespace heed::models {
namespace {

using Tokens = std::vector<std::string>;

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

/// The tokens that the model knows, without the special ones.
std::string known_tokens(const data::Vocabulary& vocabulary) {
  std::string known;
  for (int64_t id = data::unk_id + 1; id < vocabulary.size(); ++id) {
    if (known.size() > 200) return known + " …";
    known += (known.empty() ? "" : " ") + vocabulary.token(id);
  }
  return known;
}

/// Sets a field of a model, where it has such a field.
void set_if_there(std::span<const Field> fields, std::string_view name, const std::string& value) {
  if (find_field(fields, name)) set_field(fields, name, value);
}

}  // namespace

Json PairTask::measures(const data::ErrorRates& rates) const {
  return Json::object()
      .set("exact_match", 100 - rates.sequence_error_rate)
      .set("token_error_rate", rates.token_error_rate);
}

std::string PairTask::describe(const data::ErrorRates& rates) const {
  return show::fixed(100 - rates.sequence_error_rate, 2) + " % exact, " +
         show::fixed(rates.token_error_rate, 2) + " % of the tokens wrong";
}

std::vector<Field> PairTask::settings() { return list_fields(kept); }

std::vector<Field> PairTask::options() {
  FieldVisitor visit;
  visit("teacher_forcing", chosen.teacher_forcing, {.min = 0, .max = 1},
        "share of right tokens that the decoder reads in training");
  return visit.take();
}

DataFacts PairTask::set_up(StoredModel& stored, std::span<const Field> model) {
  const auto source = data::source_vocabulary(parts_.train);
  const auto target = data::target_vocabulary(parts_.train);
  set_size(model, "source_tokens", source.size());
  set_size(model, "target_tokens", target.size());
  pairs_ = data::encode(parts_.train, source, target);
  kept.max_length = longest_target(pairs_) * 3 / 2 + 1;
  watched_ = watched_examples(parts_.validation);
  checked_ = spread(parts_.validation, 1000);
  stored.vocabularies = {{"source", source}, {"target", target}};
  return {
      .examples = show::grouped(int64_t(parts_.train.size())) + " examples to learn (" +
                  show::grouped(int64_t(pairs_.size())) + " pairs), " +
                  show::grouped(int64_t(checked_.size())) + " to validate, " +
                  show::grouped(int64_t(parts_.test.size())) + " to test",
      .sizes = "vocabularies of " + text(source.size()) + " and " + text(target.size()) + " tokens",
      .items = "tokens"};
}

std::function<BatchLoss()> PairTask::begin(const StoredModel& stored,
                                           const TrainingConfig& config) {
  return pair_loss(as<Seq2Seq>(*stored.model), pairs_, config, chosen.teacher_forcing);
}

std::vector<Transcript> PairTask::write(const StoredModel& stored,
                                        std::span<const data::Example> examples,
                                        bool weights) const {
  std::vector<Tokens> sources;
  for (const auto& example : examples) sources.push_back(example.source);
  return transcribe(stored, sources, {.max_length = kept.max_length, .weights = weights});
}

std::vector<Sample> PairTask::samples(std::span<const data::Example> examples,
                                      std::span<const Transcript> transcripts) const {
  std::vector<Sample> samples;
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto& written = transcripts[i].target;
    const auto& expected = closest(examples[i].targets, written);
    samples.push_back({.source = data::join(source_unit(), examples[i].source),
                       .written = data::join(target_unit(), written),
                       .expected = data::join(target_unit(), expected),
                       .right = written == expected});
  }
  return samples;
}

Report PairTask::validate(const StoredModel& stored, int64_t step) {
  Report report{.samples = samples(watched_, write(stored, watched_, true))};
  if (step == 0) return report;
  const auto rates = rates_of(checked_, write(stored, checked_, false));
  report.measures = measures(rates);
  report.words = describe(rates);
  report.count = rates.sequences;
  return report;
}

Report PairTask::test(const StoredModel& stored) {
  const auto transcripts = write(stored, parts_.test, wants_weights());
  const auto rates = rates_of(parts_.test, transcripts);
  Report report{.measures = measures(rates), .words = describe(rates), .count = rates.sequences};
  measure_attention(transcripts, report.measures);
  report.remark = remark(report.measures);
  const auto shown = spread(parts_.test, 10);
  const auto written = write(stored, shown, true);
  report.samples = samples(shown, written);
  std::vector<bool> right;
  for (size_t i = 0; i < written.size(); ++i) {
    const auto& sample = report.samples[i];
    if (written[i].weights.empty()) continue;
    right.push_back(sample.right);
    report.maps.push_back(attention_map(written[i], sample.source + " → " + sample.written));
  }
  best_first(report.maps, right);
  return report;
}

std::vector<std::string> PairTask::tokens_of(const StoredModel& stored,
                                             const std::string& text) const {
  const data::Unit unit = source_unit();
  auto tokens = data::split(unit, normalized(text));
  require(!tokens.empty(), "\"", text, "\": there is nothing to read");
  if (unit == data::Unit::word) return tokens;
  const auto& vocabulary = stored.vocabulary("source");
  for (const auto& token : tokens) {
    require(vocabulary.find(token).value_or(-1) > data::unk_id, "\"", text,
            "\": the model does not know \"", token, "\"; it reads ", known_tokens(vocabulary));
  }
  return tokens;
}

std::vector<Answer> PairTask::answer(const StoredModel& stored, std::span<const std::string> texts,
                                     const AskOptions& options) const {
  std::vector<Answer> answers(texts.size());
  std::vector<Tokens> sources;
  std::vector<Answer*> readable;
  for (size_t i = 0; i < texts.size(); ++i) {
    answers[i].source = texts[i];
    try {
      sources.push_back(tokens_of(stored, texts[i]));
      readable.push_back(&answers[i]);
    } catch (const Error& error) {
      answers[i].error = error.what();
    }
  }
  const auto found =
      transcribe(stored, sources, {.max_length = kept.max_length, .weights = options.maps});
  for (size_t i = 0; i < found.size(); ++i) {
    Answer& answer = *readable[i];
    answer.text = data::join(target_unit(), found[i].target);
    if (found[i].weights.empty()) continue;
    answer.maps.push_back(attention_map(found[i], answer.source + " → " + answer.text));
  }
  return answers;
}

std::vector<Recipe> pair_recipes(int64_t embedding, int64_t hidden, double dropout,
                                 const TrainingConfig& training) {
  std::vector<Recipe> recipes;
  for (const auto& type : types_of(kind_name<Seq2Seq>())) {
    recipes.push_back({.type = type.name, .model = type.settings(), .training = training});
    const auto fields = recipes.back().model->fields();
    set_if_there(fields, "embedding", text(embedding));
    set_if_there(fields, "hidden", text(hidden));
    set_if_there(fields, "dropout", text(dropout));
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
