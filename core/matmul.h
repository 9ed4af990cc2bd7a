#pragma once

#include "heed/core/tensor.h"

namespace heed {

/// The matrix product as PyTorch defines it, for f32 and f64:
///   (K) x (K) -> (),  (M, K) x (K) -> (M),  (K) x (K, N) -> (N),  (M, K) x (K, N) -> (M, N),
///   (..., M, K) x (..., K, N) -> (..., M, N) with the leading dimensions broadcast.
/// Transposed and sliced matrices are read where they lie when one of their strides is 1; a
/// (B, T, K) x (K, N) is one product of B T rows. K = 0 gives zeros.
/// Throws Error for other shapes ("matmul: inner dimensions differ: (2, 3) x (2, 3)") and dtypes.
Tensor matmul(const Tensor& a, const Tensor& b);

/// x W^T + bias for x (..., K), weight (N, K) and bias (N) or an empty Tensor: (..., N).
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace heed
