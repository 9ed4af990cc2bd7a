#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heed::data {

/// The smallest number of insertions, deletions and substitutions of tokens that turn one sequence
/// into the other (Levenshtein 1966). Time |a| |b|, memory |b|.
int64_t edit_distance(std::span<const std::string> a, std::span<const std::string> b);

/// Of phones: the phoneme error rate (PER) and word error rate (WER) of pronunciations.
/// Both rates are in per cent; the first may exceed 100, as insertions count.
struct ErrorRates {
  double token_error_rate = 0;     // 100 errors / tokens
  double sequence_error_rate = 0;  // 100 wrong / sequences; 100 - this is the exact match
  int64_t errors = 0;              // edit distances to the closest references, added up
  int64_t tokens = 0;              // lengths of these references, added up
  int64_t wrong = 0;               // sequences with at least one error
  int64_t sequences = 0;
};

/// Compares each hypothesis with the closest of its references (the right answers): the one of
/// smallest edit distance, the first of them on ties. Error: the two lists differ in length or are
/// empty, a hypothesis has no reference, or all the closest references are empty.
ErrorRates error_rates(std::span<const std::vector<std::string>> hypotheses,
                       std::span<const std::vector<std::vector<std::string>>> references);

}  // namespace heed::data
