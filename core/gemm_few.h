#pragma once
// internal

#include <cstdint>
#include <type_traits>

#include "heed/core/gemm.h"

namespace heed {

/// C = A B, C += A B (add), or A B + bias in every row (where it is not null), for few rows and a B
/// that is stored transposed, as weights (n, k) are. B is read once, where it lies: a token of a
/// language model costs as much as reading its weights. The bits of a row do not depend on the
/// other rows.
template <class T>
void gemm_few(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
              MatrixView<std::type_identity_t<T>> b, const T* bias, bool add, T* c, int64_t ldc);

/// m up to which it is faster than OpenBLAS.
int64_t most_few_rows();
/// Is gemm_few faster than OpenBLAS for this product? gemm_packed, where it may be taken, is as
/// fast from 24 rows on.
template <class T>
bool prefers_few(int64_t m, int64_t k, const MatrixView<T>& a, const MatrixView<T>& b) {
  return !a.transposed && b.transposed && k >= 16 && m <= most_few_rows();
}

}  // namespace heed
