#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/generator.h"

namespace heed {

/// y = x m / (1 - p) with m = 1 with probability 1 - p, else 0: the expectation of y is x. x itself
/// when not training or p = 0. Takes one offset of the generator (null: the thread's default), so
/// that seed and offset decide the mask. Throws Error unless 0 <= p <= 1.
/// Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
Variable dropout(const Variable& x, double p = 0.5, bool training = true,
                 Generator* generator = nullptr);

}  // namespace heed
