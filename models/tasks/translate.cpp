#include "heed/models/tasks/translate.h"

#include <algorithm>

#include "heed/core/error.h"
#include "heed/core/io/unicode.h"
#include "heed/models/data/grammar.h"
#include "heed/models/data/lines.h"
#include "heed/models/metrics/bleu.h"
#include "heed/models/metrics/chrf.h"
#include "heed/models/show/text.h"
#include "heed/models/train/pair_fit.h"

namespace heed::models {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  data::for_each_line(path, [&](const data::Line& line) { lines.emplace_back(line.text); });
  return lines;
}

constexpr int64_t train_count = 50'000, held_out_count = 2'000;

std::vector<data::Example> plain(std::vector<data::GrammarExample> sentences) {
  std::vector<data::Example> examples;
  for (auto& sentence : sentences) examples.push_back(std::move(sentence.example));
  return examples;
}

/// How many of the swapped adjectives were written while looking mostly at them, of how many.
struct Swaps {
  int64_t seen = 0, all = 0;
};
void count_swaps(const Transcript& transcript, const data::GrammarExample& sentence, Swaps& swaps) {
  if (transcript.target != sentence.example.targets[0]) return;
  const auto columns = int64_t(transcript.source.size());
  for (const auto& pair : sentence.adjectives) {
    if (!pair.swapped()) continue;
    const auto row = transcript.weights.begin() + pair.target_adjective * columns;
    ++swaps.all;
    swaps.seen += std::distance(row, std::max_element(row, row + columns)) == pair.source_adjective;
  }
}

/// The sources with their first right answers, as ids.
std::vector<data::EncodedPair> encoded(const Examined& examined) {
  const auto& source = examined.stored.tokenizer("source");
  const auto& target = examined.stored.tokenizer("target");
  std::vector<data::EncodedPair> pairs;
  for (const auto& example : examined.examples) {
    pairs.push_back({.source = source.encode(data::join(data::Unit::word, example.source)),
                     .target = target.encode(data::join(data::Unit::word, example.targets[0]))});
  }
  return pairs;
}

}  // namespace

Translate::Translate(std::string name) : PairTask(std::move(name)) {
  kept.unit = "word";
  chosen.longest = 100;
}

std::vector<Field> Translate::settings() {
  FieldVisitor visit;
  visit("lower_case", lower_case_, "everything in lower case");
  visit("generated", generated_, "does it learn from generated sentences, not from files?");
  auto fields = visit.take();
  for (auto& field : PairTask::settings()) fields.push_back(std::move(field));
  return fields;
}

std::vector<Field> Translate::options() {
  FieldVisitor visit;
  visit("source", files_.source, {}, "a sentence a line (else English and French are generated)");
  visit("target", files_.target, {}, "its translations, line by line");
  visit("valid_source", files_.valid_source, {}, "for validation (else a twentieth of the lines)");
  visit("valid_target", files_.valid_target, {}, "its translations");
  visit("test_source", files_.test_source, {}, "for the test (else a twentieth of the lines)");
  visit("test_target", files_.test_target, {}, "its translations");
  visit("lower_case", lower_case_, "everything in lower case");
  files_.tokens.fields(visit);
  auto fields = visit.take();
  for (auto& field : PairTask::options()) fields.push_back(std::move(field));
  return fields;
}

std::vector<std::string> Translate::test_options() const {
  return {"source", "target", "valid_source", "valid_target", "test_source", "test_target", "beam"};
}

std::vector<Recipe> Translate::recipes() const {
  return pair_recipes(128, 256, 0.1,
                      {.steps = 3000,
                       .batch_size = 64,
                       .learning_rate = 2e-3,
                       .warmup = 300,
                       .clip = 1,
                       .validate_every = 500});
}

void Translate::check_options() const {
  const auto both = [](const char* name, const std::string& source, const std::string& target) {
    require(source.empty() == target.empty(), "translate: --", name, "source and --", name,
            "target name two files that belong together");
  };
  both("", files_.source, files_.target);
  both("valid-", files_.valid_source, files_.valid_target);
  both("test-", files_.test_source, files_.test_target);
  const bool held_out = !files_.valid_source.empty() || !files_.test_source.empty();
  require(!files_.source.empty() || (generated_ && !held_out),
          "translate: --source FILE and --target FILE are missing");
  files_.tokens.check(true);
}

std::vector<data::Example> Translate::read_files(const std::string& source,
                                                 const std::string& target,
                                                 std::vector<std::string>& notes) const {
  const auto sources = lines_of(source), targets = lines_of(target);
  if (sources.size() != targets.size()) {
    fail<FileError>(target, ": expected ", sources.size(), " lines, as ", source, " has, got ",
                    targets.size());
  }
  data::ExampleCollector collector;
  int64_t empty = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    try {
      auto from = data::split(data::Unit::word, normalized(sources[i]));
      auto to = data::split(data::Unit::word, normalized(targets[i]));
      if (from.empty() || to.empty()) {
        ++empty;
      } else {
        collector.add(std::move(from), std::move(to));
      }
    } catch (const Error& error) {
      fail<FileError>(source, " and ", target, ": line ", i + 1, ": ", error.what());
    }
  }
  auto examples = collector.take();
  if (examples.empty()) fail<FileError>(source, ": expected sentences, one a line, got none");
  data::note_duplicates(notes, collector.duplicates());
  if (empty > 0) {
    notes.push_back(show::counted(empty, "pairs") + " with an empty side left out");
  }
  return examples;
}

data::Split Translate::examples(const DataPlaces&) const {
  check_options();
  if (files_.source.empty()) {
    const auto part = [&](int64_t count, data::Part which) {
      return plain(data::grammar_examples(count, uint64_t(kept.split_seed), which));
    };
    return {.train = part(train_count, data::Part::train),
            .validation = part(held_out_count, data::Part::validation),
            .test = part(held_out_count, data::Part::test)};
  }
  const bool valid = !files_.valid_source.empty(), test = !files_.test_source.empty();
  std::vector<std::string> notes, held_out;  // of held-out files nothing is said
  auto all = read_files(files_.source, files_.target, notes);
  auto parts = data::split_file(files_.source, std::move(all), uint64_t(kept.split_seed),
                                valid ? 0 : 0.05, test ? 0 : 0.05);
  parts.notes = std::move(notes);
  if (valid) parts.validation = read_files(files_.valid_source, files_.valid_target, held_out);
  if (test) parts.test = read_files(files_.test_source, files_.test_target, held_out);
  return parts;
}

DataFacts Translate::set_up(StoredModel& stored, std::span<const Field> model) {
  generated_ = files_.source.empty();
  return PairTask::set_up(stored, model);
}

data::TokenizerOptions Translate::tokenizer_options(data::Unit) const {
  return files_.tokens.options(true);
}

std::string Translate::normalized(std::string_view text) const {
  return lower_case_ ? lower_case(text) : std::string(text);
}

void Translate::measure_more(const Examined& examined, Json& measures) const {
  std::vector<std::string> written;
  std::vector<std::vector<std::string>> right;
  for (const auto& transcript : examined.transcripts) written.push_back(transcript.text);
  for (const auto& example : examined.examples) {
    right.emplace_back();
    for (const auto& answer : example.targets) {
      right.back().push_back(data::join(data::Unit::word, answer));
    }
  }
  measures.set("bleu", data::corpus_bleu(written, right).score);
  if (examined.test) measures.set("chrf", data::chrf(written, right));
  const PairFit fit = fit_of(as<Seq2Seq>(*examined.stored.model), encoded(examined));
  measures.set("perplexity", fit.perplexity());
  if (!generated_ || !examined.test || examined.transcripts[0].weights.empty()) return;
  const auto sentences =
      data::grammar_examples(held_out_count, uint64_t(kept.split_seed), data::Part::test);
  Swaps swaps;
  for (size_t i = 0; i < sentences.size(); ++i) {
    count_swaps(examined.transcripts[i], sentences[i], swaps);
  }
  if (swaps.all > 0) measures.set("swap_attention", 100 * double(swaps.seen) / double(swaps.all));
}

std::string Translate::remark(const Json& measures) const {
  const Json* share = measures.find("swap_attention");
  if (!share) return {};
  return show::fixed(share->as_double(), 2) +
         " % of the adjectives that change places were written looking at them";
}

std::string Translate::describe(const Json& measures) const {
  const auto number = [&](const char* name) {
    return show::brief(measures.find(name)->as_double(), 2);
  };
  const std::string chrf = measures.find("chrf") ? ", chrF " + number("chrf") : "";
  return "BLEU " + number("bleu") + chrf + ", perplexity " + number("perplexity") + ", " +
         number("exact_match") + " % exact";
}

}  // namespace heed::models
