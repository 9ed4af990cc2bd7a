#pragma once

#include "heed/core/tensor.h"

namespace heed {

/// What layer_norm's backward needs beside x: both (..., 1).
struct LayerNormResult {
  Tensor y;
  Tensor mean;
  Tensor rstd;  ///< 1 / sqrt(variance + eps)
};

/// y = (x - mean) rstd weight + bias over the last dimension D of x (..., D), f32 and f64. weight
/// and bias are (D) or empty. The variance divides by D. Ba, Kiros & Hinton 2016, "Layer
/// normalization".
LayerNormResult layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                           double eps = 1e-5);

struct LayerNormGradients {
  Tensor x;
  Tensor weight;  ///< (D)
  Tensor bias;    ///< (D)
};

/// With g = dy weight and n = (x - mean) rstd:
///   dx = rstd (g - mean_D(g) - n mean_D(g n)),  dweight = sum dy n,  dbias = sum dy.
LayerNormGradients layer_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                       const Tensor& rstd, const Tensor& weight);

struct RmsNormResult {
  Tensor y;
  Tensor rrms;  ///< 1 / sqrt(mean(x^2) + eps), (..., 1): kept for backward
};

/// y = x rrms weight over the last dimension D of x (..., D), f32 and f64; weight is (D) or empty.
/// Zhang & Sennrich 2019, "Root mean square layer normalization".
RmsNormResult rms_norm(const Tensor& x, const Tensor& weight, double eps = 1e-6);

struct RmsNormGradients {
  Tensor x;
  Tensor weight;  ///< (D)
};

/// With g = dy weight and n = x rrms:  dx = rrms (g - n mean_D(g n)),  dweight = sum dy n.
RmsNormGradients rms_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& rrms,
                                   const Tensor& weight);

}  // namespace heed
