#pragma once

#include "heed/core/tensor.h"

/// From the logits of the next token to the distribution that it is drawn from. Every function is
/// for logits (B, V) of any floating dtype and gives (B, V) in f64; -inf is a token that cannot
/// come.
namespace heed::models {

/// Filters, applied in the order in which they stand here.
struct SamplingOptions {
  double repetition_penalty = 1;  ///< above 0; above 1: tokens that came before become rarer
  double temperature = 1;         ///< logits are divided by it; 0: the best token, always
  int64_t top_k = 0;              ///< only the k best tokens; 0: all, 1: the best, always
  double top_p = 1;               ///< only the best tokens whose probabilities reach it, in (0, 1]

  bool takes_the_best() const { return temperature == 0 || top_k == 1; }
};

/// The logit of each token that stands in `read` (B, T) i64 divided by the penalty where it is
/// positive and multiplied with it where it is negative, so that a penalty above 1 always lowers
/// it; once, however often the token stands there. Keskar et al. 2019, "CTRL: a conditional
/// transformer language model for controllable generation", section 4.1, which divides whatever
/// the sign. Throws Error for a penalty that is not above 0.
Tensor penalize_repetition(const Tensor& logits, const Tensor& read, double penalty);

/// The k largest logits of each row, -inf elsewhere; of equal ones the first. k >= 1; all where the
/// row has no more. Fan, Lewis & Dauphin 2018, "Hierarchical neural story generation", section 5.4.
Tensor keep_top_k(const Tensor& logits, int64_t k);

/// The smallest set of most probable tokens whose probabilities add up to at least p in (0, 1],
/// -inf elsewhere; of equal ones the first. At least one token stays.
/// Holtzman et al. 2020, "The curious case of neural text degeneration", eq. 2 (nucleus sampling).
Tensor keep_top_p(const Tensor& logits, double p);

/// The probabilities (B, V) that the next token is drawn with: softmax of the filtered logits.
/// `read` (B, T) i64 are the tokens so far. Throws Error for an option outside its range.
Tensor next_token_probabilities(const Tensor& logits, const Tensor& read,
                                const SamplingOptions& options = {});

namespace detail {
/// Throws Error for a temperature or top_k outside its range.
void check_sampling(const char* op, const SamplingOptions& options);
}  // namespace detail

}  // namespace heed::models
