#pragma once
// internal

#include <cstdint>

#include "heed/core/gemm.h"

namespace heed {

/// C (m, n) = A^T B for A (k, m) and B (k, n) of many rows, both read where they lie: the gradient
/// of a weight, a sum over all tokens of a batch. The rows are cut into pieces, summed apart, as C
/// alone may be too small to be cut for several threads.
void gemm_tall(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b,
               int64_t ldb, float* c, int64_t ldc);

/// Is gemm_tall faster than gemm_packed for the product of a transposed A and this B?
bool prefers_tall(int64_t m, int64_t n, int64_t k, const MatrixView<float>& a,
                  const MatrixView<float>& b);

}  // namespace heed
