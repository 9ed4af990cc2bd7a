#pragma once

#include "heed/models/decode/steps.h"

namespace heed::models {

/// Writes the most probable token in every step until <eos>, for a batch of sequences at once;
/// stops when all have ended. One hypothesis for each row. Nothing is recorded; call model.eval()
/// first, or dropout takes part.
std::vector<Hypothesis> greedy(const Decoder& decoder, const DecodeOptions& options = {});

/// The same for source (B, S) i64, lengths (B) i64.
std::vector<Hypothesis> greedy(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                               const DecodeOptions& options = {});

}  // namespace heed::models
