#pragma once
// internal

#include "heed/models/decode/steps.h"

namespace heed::models::detail {

struct UnrollOptions {
  int64_t max_length = 100;
  std::vector<int64_t> stop = {};  // tokens that end a sequence
  bool maps = false;
  std::function<void(int64_t row, int64_t token)> on_token = {};
};

/// The tokens (B) i64 that step t writes, from its logits (B, V) and log p (B, V) in f64.
using Choose = std::function<Tensor(const Tensor& logits, const Tensor& log_p, int64_t t)>;

/// One sequence for each row, step by step until every one has ended.
std::vector<Hypothesis> unroll(const char* op, const Decoder& decoder, const UnrollOptions& options,
                               const Choose& choose);

}  // namespace heed::models::detail
