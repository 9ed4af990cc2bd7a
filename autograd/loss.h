#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/loss.h"

namespace heed {

/// The cost of every row, and what a mean over rows divides by (the sum of `weights`).
struct CrossEntropyRows {
  Variable loss;   ///< (N), 0 for ignored rows
  Tensor weights;  ///< (N)
};

/// The cross entropy of each row of logits (N, C) against its target class (N), fused: formula,
/// options and errors as in core/loss.h.
CrossEntropyRows cross_entropy_rows(const Variable& logits, const Tensor& targets,
                                    const CrossEntropyOptions& options = {});

}  // namespace heed
