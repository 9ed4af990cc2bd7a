#pragma once

#include "heed/models/decode/decoder.h"

namespace heed::models {

/// Writes the most probable token in every step until <eos>, for a batch of sentences at once;
/// stops when all have ended. source (B, S) i64, lengths (B) i64 -> one hypothesis for each row.
/// Nothing is recorded; call model.eval() first, or dropout takes part.
std::vector<Hypothesis> greedy(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                               const DecodeOptions& options = {});

}  // namespace heed::models
