#pragma once
// internal

#include <span>

#include "heed/models/decode/steps.h"

namespace heed::models::detail {

struct UnrollOptions {
  int64_t max_length = 100;
  std::vector<int64_t> stop = {};  // tokens that end a sequence
  bool maps = false;
  bool keeps_read = false;
  std::function<void(int64_t row, int64_t token)> on_token = {};
};

/// A step of the sequences that have not ended, and perhaps of some that have.
struct Unrolled {
  const Tensor& logits;           // (R, V)
  const Tensor& read;             // (R, T): what has been read, if the options ask for it
  std::span<const int64_t> rows;  // of the batch that was given
  int64_t t;
};

/// The tokens (R) i64 that a step writes.
using Choose = std::function<Tensor(const Unrolled& step)>;

/// One sequence for each row, step by step until every one has ended. Rows that have ended are
/// left out as soon as they are a quarter of the batch.
std::vector<Hypothesis> unroll(const char* op, const Decoder& decoder, const UnrollOptions& options,
                               const Choose& choose);

}  // namespace heed::models::detail
