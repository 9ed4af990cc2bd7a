#pragma once

#include <cstdint>

#include "heed/core/tensor.h"

namespace heed {

/// How a kernel moves over its input. Stride, padding and dilation are one number for all
/// dimensions or one for each: `{.stride = 2, .padding = {1, 0}}`.
struct ConvOptions {
  Dims stride = 1;     ///< elements from one window to the next, >= 1
  Dims padding = 0;    ///< zeros on both sides, >= 0
  Dims dilation = 1;   ///< elements from one tap of the kernel to the next, >= 1
  int64_t groups = 1;  ///< output channels of group g see the input channels of group g alone
};

/// Cross-correlation as PyTorch defines it, f32 and f64:
///   y[n, o, t] = bias[o] + sum_{c, k} weight[o, c, k] x[n, c', t stride - padding + k dilation]
/// x (N, C, L), weight (O, C / groups, K), bias (O) or empty -> (N, O, L') with
/// L' = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1; c' counts from the first
/// channel of o's group. Never holds more of the windows than a tile. Throws Error for shapes,
/// options and dtypes that do not fit.
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});

/// The same over planes: x (N, C, H, W), weight (O, C / groups, KH, KW) -> (N, O, H', W').
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});

/// The gradient of conv1d or conv2d for an input of that shape: each window's dy times the weight,
/// added up where windows overlap.
Tensor conv_input_gradient(const Tensor& dy, const Tensor& weight, const Shape& x,
                           const ConvOptions& options);

/// The gradient for a weight of that shape: sum over images and windows of dy times the window.
Tensor conv_weight_gradient(const Tensor& dy, const Tensor& x, const Shape& weight,
                            const ConvOptions& options);

}  // namespace heed
