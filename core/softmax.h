#pragma once

#include <cstdint>

#include "heed/core/tensor.h"

namespace heed {

/// softmax_i(x) = e^(x_i - max) / sum_j e^(x_j - max) along dim, f32 and f64. Where every x_j is
/// -inf the weights are 0, not NaN: a query that may attend to nothing gets nothing. NaN or +inf
/// among the x_j makes every weight NaN.
Tensor softmax(const Tensor& x, int64_t dim);

/// The same over the elements whose mask (u8, broadcast to x) is not 0. The others' weights are
/// exactly 0, whatever x holds there; where all are masked, all weights are 0.
Tensor softmax(const Tensor& x, int64_t dim, const Tensor& mask);

/// log softmax_i(x) = x_i - max - log sum_j e^(x_j - max); -inf where every x_j is -inf.
Tensor log_softmax(const Tensor& x, int64_t dim);

/// log sum_j e^(x_j) of the rows of x (..., N) -> (..., 1), in f64 whatever x is: x minus it is log
/// softmax(x), so it is 0 where every x_j is -inf.
Tensor log_normalizer(const Tensor& x);

/// dx = y (dy - sum_j dy_j y_j) for y = softmax(x), masked or not.
Tensor softmax_backward(const Tensor& dy, const Tensor& y, int64_t dim);

/// dx = dy - e^y sum_j dy_j for y = log_softmax(x).
Tensor log_softmax_backward(const Tensor& dy, const Tensor& y, int64_t dim);

}  // namespace heed
