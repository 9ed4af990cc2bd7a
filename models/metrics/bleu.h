#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/models/metrics/bleu_tokens.h"

namespace heed::data {

/// What BLEU does about n-gram orders without a match, which would make it 0 (Chen and Cherry 2014,
/// "A systematic comparison of smoothing techniques for sentence-level BLEU"; sacreBLEU's names):
/// - none: nothing, as in Papineni et al.;
/// - add_k: k is added to the matches and to the number of n-grams of orders 2 to 4 (method 2);
/// - exp: the i-th order without a match counts 1 / 2^i matches (method 3, NIST's mteval).
/// No smoothing helps when not one word matches, or where no hypothesis has four words (save by
/// add_k, or with effective_order): the score is 0 then.
enum class Smoothing { none, add_k, exp };

struct BleuOptions {
  Smoothing smoothing = Smoothing::exp;
  double k = 1;  // of add_k, above 0
  /// Only the orders of which a hypothesis has n-grams: a sentence of two words is not worth 0.
  bool effective_order = false;
};

struct Bleu {
  double score = 0;                       // 0 to 100
  std::array<double, 4> precisions = {};  // of 1- to 4-grams, 0 to 100
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0;  // tokens
  int64_t reference_length = 0;   // of the reference closest in length, the shorter on ties
};

/// BLEU-4 of a corpus (Papineni et al. 2002, section 2.3):
/// score = 100 BP exp(sum over n = 1..4 of ln(p_n) / 4), where p_n is the share of the hypotheses'
/// n-grams found in a reference (each at most as often as in the reference that has it most often)
/// and BP = min(1, exp(1 - reference length / hypothesis length)).
/// Tokens are compared as they are; the numbers equal sacreBLEU's (Post 2018, "A call for clarity
/// in reporting BLEU scores") of the same options. Error: the two lists differ in length or are
/// empty, a hypothesis has no reference, or k <= 0.
Bleu bleu(std::span<const std::vector<std::string>> hypotheses,
          std::span<const std::vector<std::vector<std::string>>> references,
          BleuOptions options = {});

/// BLEU of texts, cut into tokens here.
Bleu corpus_bleu(std::span<const std::string> hypotheses,
                 std::span<const std::vector<std::string>> references,
                 BleuTokens tokens = BleuTokens::mteval_13a, BleuOptions options = {});

/// BLEU of one sentence, whose options have the effective order unless they say otherwise.
Bleu sentence_bleu(const std::string& hypothesis, const std::vector<std::string>& references,
                   BleuTokens tokens = BleuTokens::mteval_13a,
                   BleuOptions options = {.effective_order = true});

}  // namespace heed::data
