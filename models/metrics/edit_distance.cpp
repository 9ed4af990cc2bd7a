#include "heed/models/metrics/edit_distance.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "heed/core/error.h"

namespace heed::data {

int64_t edit_distance(std::span<const std::string> a, std::span<const std::string> b) {
  std::vector<int64_t> row(b.size() + 1);  // distances of a's first i tokens to b's first j
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t diagonal = row[0];
    ++row[0];
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t substituted = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, substituted});
    }
  }
  return row.back();
}

ErrorRates error_rates(std::span<const std::vector<std::string>> hypotheses,
                       std::span<const std::vector<std::vector<std::string>>> references) {
  require(hypotheses.size() == references.size(), "error_rates: ", hypotheses.size(),
          " hypotheses but ", references.size(), " lists of references");
  require(!hypotheses.empty(), "error_rates: expected at least one hypothesis, got none");
  ErrorRates rates{.sequences = int64_t(hypotheses.size())};
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    require(!references[i].empty(), "error_rates: hypothesis ", i, " has no reference");
    int64_t best = std::numeric_limits<int64_t>::max(), tokens = 0;
    for (const auto& reference : references[i]) {
      const int64_t distance = edit_distance(hypotheses[i], reference);
      if (distance >= best) continue;
      best = distance;
      tokens = int64_t(reference.size());
    }
    rates.errors += best;
    rates.tokens += tokens;
    rates.wrong += best > 0;
  }
  require(rates.tokens > 0, "error_rates: expected a reference with tokens, got only empty ones");
  rates.token_error_rate = 100.0 * double(rates.errors) / double(rates.tokens);
  rates.sequence_error_rate = 100.0 * double(rates.wrong) / double(rates.sequences);
  return rates;
}

}  // namespace heed::data
