#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heed::data {

struct ChrfOptions {
  int64_t char_order = 6;  ///< longest n-grams of characters, >= 1
  int64_t word_order = 0;  ///< longest n-grams of words, >= 0; 2: chrF++
  double beta = 2;         ///< recall counts beta times as much as precision, > 0
};

/// chrF of a corpus of texts, 0 to 100: the F score (1 + beta^2) P R / (beta^2 P + R) of the mean
/// precision P and the mean recall R of all orders of n-grams that both sides have. White space is
/// no character; a punctuation mark at the end (or else at the start) of a word is a word of its
/// own. Of several references the one with the best score of its sentence counts.
/// Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"; Popović 2017,
/// "chrF++: words helping character n-grams". Equal to sacreBLEU's chrF2 and chrF2++.
/// Error: the two lists differ in length or are empty, a hypothesis has no reference, an option is
/// out of its range.
double chrf(std::span<const std::string> hypotheses,
            std::span<const std::vector<std::string>> references, ChrfOptions options = {});

}  // namespace heed::data
