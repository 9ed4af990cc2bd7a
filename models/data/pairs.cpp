#include "heed/models/data/pairs.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "heed/core/error.h"
#include "heed/models/data/lines.h"
#include "heed/models/data/shuffle.h"
#include "heed/models/show/text.h"

namespace heed::data {
namespace {

std::vector<std::string> split_field(const Line& line, Unit unit, std::string_view field) {
  try {
    return split(unit, field);
  } catch (const Error& error) {
    fail<FileError>(line.where(), ": ", error.what(), " in ", shown(field));
  }
}

void add_line(const Line& line, PairsOptions options, ExampleCollector& examples) {
  std::string_view text = line.text;
  if (line.number == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.empty()) return;
  const size_t tab = text.find('\t');
  const bool one_tab = tab != text.npos && text.find('\t', tab + 1) == text.npos;
  std::vector<std::string> source, target;
  if (one_tab) {
    source = split_field(line, options.source_unit, text.substr(0, tab));
    target = split_field(line, options.target_unit, text.substr(tab + 1));
  }
  if (source.empty() || target.empty()) {
    fail<FileError>(line.where(), ": expected source<TAB>target, got ", shown(text));
  }
  examples.add(std::move(source), std::move(target));
}

/// Of each example, the place of its source among the different sources in sorted order.
std::vector<int64_t> source_ranks(std::span<const Example> examples) {
  std::vector<int64_t> sorted(examples.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(),
            [&](int64_t a, int64_t b) { return examples[a].source < examples[b].source; });
  std::vector<int64_t> ranks(examples.size());
  int64_t rank = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && examples[sorted[i]].source != examples[sorted[i - 1]].source) ++rank;
    ranks[sorted[i]] = rank;
  }
  return ranks;
}

int64_t part_size(const char* name, double fraction, int64_t sources) {
  require(fraction >= 0 && fraction < 1, "split: ", name, "_fraction must be in [0, 1), got ",
          fraction);
  return fraction > 0 ? std::max<int64_t>(1, int64_t(fraction * double(sources))) : 0;
}

}  // namespace

void ExampleCollector::add(std::vector<std::string> source, std::vector<std::string> target) {
  const auto [place, inserted] = position_.try_emplace(source, int64_t(examples_.size()));
  if (inserted) examples_.push_back({.source = std::move(source), .targets = {}});
  auto& targets = examples_[place->second].targets;
  if (std::find(targets.begin(), targets.end(), target) == targets.end()) {
    targets.push_back(std::move(target));
  } else {
    ++duplicates_;
  }
}

std::vector<Example> read_pairs(const std::string& path, PairsOptions options,
                                int64_t* duplicates) {
  ExampleCollector collector;
  for_each_line(path, [&](const Line& line) { add_line(line, options, collector); });
  if (duplicates) *duplicates = collector.duplicates();
  auto examples = collector.take();
  if (examples.empty()) fail<FileError>(path, ": expected lines source<TAB>target, got none");
  return examples;
}

Split split(std::vector<Example> examples, uint64_t seed, double validation_fraction,
            double test_fraction) {
  const auto ranks = source_ranks(examples);
  const int64_t count = ranks.empty() ? 0 : *std::max_element(ranks.begin(), ranks.end()) + 1;
  const int64_t test = part_size("test", test_fraction, count);
  const int64_t validation = part_size("validation", validation_fraction, count);
  require(validation < count - test, "split: ", count, " different sources less ", validation,
          " for validation and ", test, " for test leave none to train on");
  std::vector<int64_t> order(size_t(count), 0);
  std::iota(order.begin(), order.end(), 0);
  auto generator = stream(seed, Stream::split);
  shuffle(std::span(order), generator, test + validation);
  Split parts;
  std::vector<std::vector<Example>*> part_of(size_t(count), &parts.train);  // by rank
  for (int64_t i = 0; i < test + validation; ++i) {
    part_of[order[i]] = i < test ? &parts.test : &parts.validation;
  }
  for (size_t i = 0; i < examples.size(); ++i) {
    part_of[ranks[i]]->push_back(std::move(examples[i]));
  }
  return parts;
}

Split split_file(const std::string& path, std::vector<Example> examples, uint64_t seed,
                 double validation_fraction, double test_fraction) {
  const int64_t held_out = (validation_fraction > 0) + (test_fraction > 0);
  if (int64_t(examples.size()) <= held_out) {
    fail<FileError>(path, ": expected at least ", held_out + 1,
                    " different sources, one for each part, got ", examples.size());
  }
  return split(std::move(examples), seed, validation_fraction, test_fraction);
}

void note_duplicates(std::vector<std::string>& notes, int64_t lines) {
  if (lines == 0) return;
  notes.push_back(show::counted(lines, "duplicate lines") + " left out");
}

Vocabulary source_vocabulary(std::span<const Example> examples, int64_t min_count) {
  TokenCounts counts;
  for (const auto& example : examples) count_tokens(example.source, counts);
  return Vocabulary::from_counts(counts, {.min_count = min_count});
}

Vocabulary target_vocabulary(std::span<const Example> examples, int64_t min_count) {
  TokenCounts counts;
  for (const auto& example : examples) {
    for (const auto& target : example.targets) count_tokens(target, counts);
  }
  return Vocabulary::from_counts(counts, {.min_count = min_count});
}

std::vector<EncodedPair> encode(std::span<const Example> examples, const Vocabulary& source,
                                const Vocabulary& target) {
  std::vector<EncodedPair> pairs;
  for (const auto& example : examples) {
    const auto source_ids = source.ids(example.source);
    for (const auto& answer : example.targets) {
      pairs.push_back({.source = source_ids, .target = target.ids(answer)});
    }
  }
  return pairs;
}

}  // namespace heed::data
