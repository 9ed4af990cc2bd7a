#include "heed/models/metrics/chrf.h"

#include <algorithm>

#include "heed/core/error.h"
#include "heed/models/metrics/bleu_tokens.h"
#include "heed/models/metrics/ngrams.h"

namespace heed::data {
namespace {

/// What one order of n-grams counts.
struct Counts {
  int64_t hypothesis = 0, reference = 0, matches = 0;
};

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

/// Words with a punctuation mark at one end cut off.
std::vector<std::string> chrf_words(std::string_view text) {
  std::vector<std::string> all;
  for (const std::string& word : detail::words(text)) {
    const size_t last = word.size() - 1;
    if (detail::characters(word).size() == 1) {
      all.push_back(word);
    } else if (is_punctuation(word[last])) {
      all.insert(all.end(), {word.substr(0, last), word.substr(last)});
    } else if (is_punctuation(word[0])) {
      all.insert(all.end(), {word.substr(0, 1), word.substr(1)});
    } else {
      all.push_back(word);
    }
  }
  return all;
}

/// A text as the n-grams are taken from it: its characters, and its words.
struct Pieces {
  explicit Pieces(std::string_view text)
      : characters(bleu_tokens(text, BleuTokens::character)), words(chrf_words(text)) {}
  std::vector<std::string> characters, words;
};

Counts count(std::span<const std::string> hypothesis, std::span<const std::string> reference,
             int64_t order) {
  const auto ours = detail::count_ngrams(hypothesis, size_t(order));
  const auto right = detail::count_ngrams(reference, size_t(order));
  Counts counts;
  for (const auto& [ngram, times] : right) counts.reference += times;
  if (right.empty()) return counts;  // no hit was possible
  for (const auto& [ngram, times] : ours) {
    counts.hypothesis += times;
    const auto match = right.find(ngram);
    if (match != right.end()) counts.matches += std::min(times, match->second);
  }
  return counts;
}

std::vector<Counts> count_all(const Pieces& hypothesis, const Pieces& reference,
                              const ChrfOptions& options) {
  std::vector<Counts> all;
  for (int64_t n = 1; n <= options.char_order; ++n)
    all.push_back(count(hypothesis.characters, reference.characters, n));
  for (int64_t n = 1; n <= options.word_order; ++n)
    all.push_back(count(hypothesis.words, reference.words, n));
  return all;
}

double score(const std::vector<Counts>& all, double beta) {
  double precision = 0, recall = 0, orders = 0;
  for (const Counts& counts : all) {
    if (counts.hypothesis == 0 || counts.reference == 0) continue;
    precision += double(counts.matches) / double(counts.hypothesis);
    recall += double(counts.matches) / double(counts.reference);
    ++orders;
  }
  if (precision + recall == 0) return 0;
  precision /= orders;
  recall /= orders;
  return 100 * (1 + beta * beta) * precision * recall / (beta * beta * precision + recall);
}

/// The counts of the reference that scores best, the first of them.
std::vector<Counts> best_counts(const std::string& hypothesis,
                                const std::vector<std::string>& references,
                                const ChrfOptions& options) {
  const Pieces ours(hypothesis);
  std::vector<Counts> best;
  double best_score = -1;
  for (const std::string& reference : references) {
    auto counts = count_all(ours, Pieces(reference), options);
    const double found = score(counts, options.beta);
    if (found <= best_score) continue;
    best_score = found;
    best = std::move(counts);
  }
  return best;
}

}  // namespace

double chrf(std::span<const std::string> hypotheses,
            std::span<const std::vector<std::string>> references, ChrfOptions options) {
  require(hypotheses.size() == references.size(), "chrf: ", hypotheses.size(), " hypotheses but ",
          references.size(), " lists of references");
  require(!hypotheses.empty(), "chrf: expected at least one hypothesis, got none");
  require(options.char_order >= 1 && options.word_order >= 0 && options.beta > 0,
          "chrf: expected char_order >= 1, word_order >= 0 and beta > 0, got ", options.char_order,
          ", ", options.word_order, " and ", options.beta);
  std::vector<Counts> sums(size_t(options.char_order + options.word_order));
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    require(!references[i].empty(), "chrf: hypothesis ", i, " has no reference");
    const auto counts = best_counts(hypotheses[i], references[i], options);
    for (size_t n = 0; n < sums.size(); ++n) {
      sums[n].hypothesis += counts[n].hypothesis;
      sums[n].reference += counts[n].reference;
      sums[n].matches += counts[n].matches;
    }
  }
  return score(sums, options.beta);
}

}  // namespace heed::data
