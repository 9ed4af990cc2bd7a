#pragma once

#include "heed/autograd/variable.h"

namespace heed {

struct BatchNormOutput {
  Variable y;
  Tensor mean, var;  ///< (C), of this batch; the variance divides by the number of elements
};

/// y = (x - mean) / sqrt(var + eps) weight + bias with mean and variance of each channel of x
/// (N, C, ...), as core/batch_norm.h says; recorded and fused.
BatchNormOutput batch_norm(const Variable& x, const Variable& weight = {},
                           const Variable& bias = {}, double eps = 1e-5);

/// The same with a mean and a variance (C) that are constants, as in evaluation.
Variable batch_norm(const Variable& x, const Tensor& mean, const Tensor& var,
                    const Variable& weight, const Variable& bias, double eps = 1e-5);

}  // namespace heed
