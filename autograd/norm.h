#pragma once

#include "heed/autograd/variable.h"

namespace heed {

/// y = (x - mean) / sqrt(var + eps) weight + bias over the last dimension D of x (..., D), fused.
/// weight and bias are (D) or empty; the variance divides by D. Ba, Kiros & Hinton 2016, "Layer
/// normalization".
Variable layer_norm(const Variable& x, const Variable& weight = {}, const Variable& bias = {},
                    double eps = 1e-5);

/// y = x / sqrt(mean(x^2) + eps) weight over the last dimension D of x (..., D), fused; weight is
/// (D) or empty. Zhang & Sennrich 2019, "Root mean square layer normalization".
Variable rms_norm(const Variable& x, const Variable& weight = {}, double eps = 1e-6);

}  // namespace heed
