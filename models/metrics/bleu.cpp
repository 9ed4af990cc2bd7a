#include "heed/models/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "heed/core/error.h"
#include "heed/models/metrics/ngrams.h"

namespace heed::data {
namespace {

constexpr size_t max_order = 4;

using detail::count_ngrams, detail::NgramCounts;
using Tokens = std::span<const std::string>;

/// The sufficient statistics of one order: doubles, because add_k adds a fraction.
struct OrderCounts {
  double matches = 0;
  double total = 0;
};

OrderCounts count_matches(Tokens hypothesis, std::span<const std::vector<std::string>> references,
                          size_t order) {
  const auto found = count_ngrams(hypothesis, order);
  NgramCounts most;  // of each n-gram in any one reference
  for (const auto& reference : references) {
    for (const auto& [ngram, count] : count_ngrams(reference, order)) {
      most[ngram] = std::max(most[ngram], count);
    }
  }
  OrderCounts counts;
  for (const auto& [ngram, count] : found) {
    counts.total += double(count);
    const auto match = most.find(ngram);
    if (match != most.end()) counts.matches += double(std::min(count, match->second));
  }
  return counts;
}

int64_t closest_length(int64_t length, std::span<const std::vector<std::string>> references) {
  const auto key = [length](const auto& reference) {
    const int64_t candidate = int64_t(reference.size());
    return std::pair(std::abs(candidate - length), candidate);
  };
  const auto closest =
      std::min_element(references.begin(), references.end(),
                       [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return int64_t(closest->size());
}

void set_score(Bleu& result, std::array<OrderCounts, max_order> counts, BleuOptions options) {
  const double length = double(result.hypothesis_length);
  const double wanted = double(result.reference_length);
  if (length < wanted) result.brevity_penalty = length > 0 ? std::exp(1 - wanted / length) : 0;
  if (counts[0].matches == 0) return;  // no longer n-gram can match either
  double unmatched = 1, sum_of_logs = 0, orders = 0;
  for (size_t i = 0; i < max_order; ++i) {
    auto [matches, total] = counts[i];
    if (options.smoothing == Smoothing::add_k && i > 0) {
      matches += options.k;
      total += options.k;
    }
    if (total == 0 && options.effective_order) break;
    if (total == 0) return;  // no hypothesis is so long
    if (matches == 0 && options.smoothing == Smoothing::exp) matches = 1 / (unmatched *= 2);
    result.precisions[i] = 100 * matches / total;
    sum_of_logs += std::log(matches / total);  // -inf, and so a score of 0, for no match
    ++orders;
  }
  result.score = 100 * result.brevity_penalty * std::exp(sum_of_logs / orders);
}

}  // namespace

Bleu bleu(std::span<const std::vector<std::string>> hypotheses,
          std::span<const std::vector<std::vector<std::string>>> references, BleuOptions options) {
  require(hypotheses.size() == references.size(), "bleu: ", hypotheses.size(), " hypotheses but ",
          references.size(), " lists of references");
  require(!hypotheses.empty(), "bleu: expected at least one hypothesis, got none");
  require(options.k > 0, "bleu: k must be above 0, got ", options.k);
  Bleu result;
  std::array<OrderCounts, max_order> counts;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    require(!references[i].empty(), "bleu: hypothesis ", i, " has no reference");
    const int64_t length = int64_t(hypotheses[i].size());
    result.hypothesis_length += length;
    result.reference_length += closest_length(length, references[i]);
    for (size_t order = 1; order <= max_order; ++order) {
      const auto [matches, total] = count_matches(hypotheses[i], references[i], order);
      counts[order - 1].matches += matches;
      counts[order - 1].total += total;
    }
  }
  set_score(result, counts, options);
  return result;
}

Bleu corpus_bleu(std::span<const std::string> hypotheses,
                 std::span<const std::vector<std::string>> references, BleuTokens how,
                 BleuOptions options) {
  std::vector<std::vector<std::string>> written;
  std::vector<std::vector<std::vector<std::string>>> right;
  for (const auto& text : hypotheses) written.push_back(bleu_tokens(text, how));
  for (const auto& texts : references) {
    right.emplace_back();
    for (const auto& text : texts) right.back().push_back(bleu_tokens(text, how));
  }
  return bleu(written, right, options);
}

Bleu sentence_bleu(const std::string& hypothesis, const std::vector<std::string>& references,
                   BleuTokens how, BleuOptions options) {
  return corpus_bleu(std::span(&hypothesis, 1), std::span(&references, 1), how, options);
}

}  // namespace heed::data
