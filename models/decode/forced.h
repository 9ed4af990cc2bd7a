#pragma once

#include "heed/models/decode/steps.h"

namespace heed::models {

/// What a decoder makes of given targets.
struct ForcedResult {
  Tensor log_probabilities;  ///< (B, T) f64 of each token given those before; 0 where none stands
  Tensor weights = {};       ///< (B, T, S) where each step looked; empty where steps give none
};

/// Writes the tokens of target (B, T) i64, whatever the decoder would choose: the sum of a row's
/// log-probabilities is the target's score under the model, <eos> included where the target has
/// it. Negative ids, behind shorter targets, count nothing. Nothing is recorded.
ForcedResult forced_decode(const Decoder& decoder, const Tensor& target);

/// The same for source (B, S) i64, lengths (B) i64, from <bos> on.
ForcedResult forced_decode(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                           const Tensor& target);

}  // namespace heed::models
