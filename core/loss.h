#pragma once

#include <cstdint>

#include "heed/core/tensor.h"

namespace heed {

struct CrossEntropyOptions {
  int64_t ignore_index = -100;  ///< rows with this target cost nothing and get no gradient
  double label_smoothing = 0;   ///< in [0, 1]: this share of the target goes to all classes alike
  Tensor weight = {};           ///< a weight w_c for each class, (C), or empty for ones
};

struct CrossEntropyResult {
  Tensor loss;     ///< (N), 0 for ignored rows
  Tensor weights;  ///< (N): w of the row's target, 0 for ignored rows; the mean divides by its sum
  Tensor lse;      ///< (N): log sum_c e^(logit_c), always f64, for the backward
};

/// The cross entropy of each row of logits (N, C), f32 or f64, against its target class, i64 (N):
///   loss = -(1 - s) w_y log p_y - s / C sum_c w_c log p_c,  log p = log_softmax(logits),
/// as PyTorch defines it. Throws Error when a target lies outside [0, C) and is not ignore_index.
CrossEntropyResult cross_entropy_rows(const Tensor& logits, const Tensor& targets,
                                      const CrossEntropyOptions& options = {});

/// The gradient of sum(dloss * loss) for dloss (N) in one pass: (N, C). overwrite: it may take the
/// place of the logits.
Tensor cross_entropy_rows_backward(const Tensor& dloss, const Tensor& logits, const Tensor& targets,
                                   const Tensor& lse, const CrossEntropyOptions& options = {},
                                   bool overwrite = false);

}  // namespace heed
