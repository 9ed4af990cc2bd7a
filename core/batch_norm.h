#pragma once

#include "heed/core/tensor.h"

namespace heed {

/// What batch_norm's backward needs beside x, and what its running statistics follow: all (C).
struct BatchNormResult {
  Tensor y;
  Tensor mean;
  Tensor var;   ///< divided by the number of elements: biased
  Tensor rstd;  ///< 1 / sqrt(var + eps)
};

/// y = (x - mean) rstd weight + bias with mean and variance of each channel c over all that x
/// (N, C, ...) holds of it; f32 and f64. weight and bias are (C) or empty. Sums run in double.
/// Of no elements, mean and variance are NaN. Throws Error for shapes that do not fit and for
/// channels of one element.
/// Ioffe & Szegedy 2015, "Batch normalization: accelerating deep network training by reducing
/// internal covariate shift", algorithm 1.
BatchNormResult batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                           double eps = 1e-5);

struct BatchNormGradients {
  Tensor x;
  Tensor weight;  ///< (C)
  Tensor bias;    ///< (C)
};

/// With n = (x - mean) rstd and means over the elements of a channel:
///   dx = weight rstd (dy - mean(dy) - n mean(dy n)),  dweight = sum dy n,  dbias = sum dy.
BatchNormGradients batch_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                       const Tensor& rstd, const Tensor& weight);

}  // namespace heed
