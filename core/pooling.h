#pragma once

#include "heed/core/tensor.h"

namespace heed {

/// How windows lie: one number for all dimensions or one for each. The padding is at most half the
/// kernel, so that every window has an element.
struct PoolOptions {
  Dims stride = {};  ///< elements from one window to the next, >= 1; none: the kernel's size
  Dims padding = 0;  ///< on both sides, >= 0
};

struct MaxPoolResult {
  Tensor values;
  Tensor
      indices;  ///< i64, of each maximum's element in its plane (H W), as max_pool_backward reads
};

/// The largest element of each window of `kernel` elements, of any leading dimensions: f32 and f64,
/// (..., L) -> (..., L') with L' = floor((L + 2 padding - kernel) / stride) + 1. Of equal elements
/// the first counts, NaN before all; padding never does. Throws Error for sizes that do not fit.
MaxPoolResult max_pool1d(const Tensor& x, const Dims& kernel, const PoolOptions& options = {});
MaxPoolResult max_pool2d(const Tensor& x, const Dims& kernel, const PoolOptions& options = {});

/// dx of a pooled x with `spatial` dimensions in a plane: each dy goes to its maximum. Error for
/// what does not fit.
Tensor max_pool_backward(const Tensor& dy, const Tensor& indices, const Shape& x, int spatial);

/// Padding of averages: zeros that count as elements (PyTorch's default), or nothing at all.
struct AvgPoolOptions {
  Dims stride = {};
  Dims padding = 0;
  bool count_include_pad = true;
};

/// The mean of each window, as max_pool1d and max_pool2d find their windows.
Tensor avg_pool1d(const Tensor& x, const Dims& kernel, const AvgPoolOptions& options = {});
Tensor avg_pool2d(const Tensor& x, const Dims& kernel, const AvgPoolOptions& options = {});

/// dx of an averaged x: each element of a window gets an equal share of dy.
Tensor avg_pool_backward(const Tensor& dy, const Shape& x, int spatial, const Dims& kernel,
                         const AvgPoolOptions& options);

}  // namespace heed
