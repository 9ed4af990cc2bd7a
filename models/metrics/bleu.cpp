#include "heed/models/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "heed/core/error.h"

namespace heed::data {
namespace {

constexpr size_t max_order = 4;

using Tokens = std::span<const std::string>;

struct TokensLess {
  bool operator()(Tokens a, Tokens b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
};

using NgramCounts = std::map<Tokens, int64_t, TokensLess>;  // views into the sentences

NgramCounts count_ngrams(Tokens sentence, size_t order) {
  NgramCounts counts;
  for (size_t i = 0; i + order <= sentence.size(); ++i) ++counts[sentence.subspan(i, order)];
  return counts;
}

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
  double unmatched = 1, sum_of_logs = 0;
  for (size_t i = 0; i < max_order; ++i) {
    auto [matches, total] = counts[i];
    if (options.smoothing == Smoothing::add_k && i > 0) {
      matches += options.k;
      total += options.k;
    }
    if (total == 0) return;  // no hypothesis is so long
    if (matches == 0 && options.smoothing == Smoothing::exp) matches = 1 / (unmatched *= 2);
    result.precisions[i] = 100 * matches / total;
    sum_of_logs += std::log(matches / total);  // -inf, and so a score of 0, for no match
  }
  result.score = 100 * result.brevity_penalty * std::exp(sum_of_logs / double(max_order));
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

}  // namespace heed::data
