#pragma once

#include <cstdint>
#include <span>

#include "heed/core/tensor.h"
#include "heed/models/data/pairs.h"

namespace heed::models {

/// What a target position without a token says to cross_entropy's ignore_index.
inline constexpr int64_t ignored_id = -100;

/// Some pairs as tensors of ids, short rows filled up at their end.
struct Batch {
  Tensor source;       // (B, S) i64
  Tensor lengths;      // (B) i64, of the sources
  Tensor target_in;    // (B, T) i64: <bos> and the target
  Tensor target_out;   // (B, T) i64: the target and <eos>, ignored_id after it
  int64_t tokens = 0;  // of target_out that count
};

/// The pairs of these indices as a batch. T is the longest target and one more.
Batch make_batch(std::span<const data::EncodedPair> pairs, std::span<const int64_t> indices);

/// Sources alone, as the models read them: (B, S) and their lengths (B).
struct SourceBatch {
  Tensor source;
  Tensor lengths;
};
SourceBatch make_source_batch(std::span<const std::vector<int64_t>> sources);

}  // namespace heed::models
