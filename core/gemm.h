#pragma once
// internal

#include <cstdint>
#include <string>
#include <type_traits>

namespace heed {

/// OpenBLAS's version and the CPU whose kernels it chose: "OpenBLAS 0.3.21 ... (Haswell)".
std::string blas_description();

/// One matrix as gemm reads it: row-major with a leading dimension, perhaps transposed.
template <class T>
struct MatrixView {
  const T* data;
  int64_t leading;          ///< elements from one stored row to the next
  bool transposed = false;  ///< the stored matrix is the transpose of the one meant
};

/// C = A B, or C += A B, with A (m, k), B (k, n), C (m, n) row-major; T is float or double. The
/// kernel and its tasks are chosen by shape alone, so the bits do not depend on the number of
/// threads. Without add, C is written and not read. Throws Error when a dimension exceeds
/// OpenBLAS's 32-bit int.
template <class T>
void gemm(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
          MatrixView<std::type_identity_t<T>> b, T* c, int64_t ldc, bool add = false);

/// C = A B + bias with bias (n) added to every row, in one pass over C.
template <class T>
void gemm_bias(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
               MatrixView<std::type_identity_t<T>> b, const T* bias, T* c, int64_t ldc);

/// As gemm, but on the calling thread alone, for kernels that are cut into tasks already.
template <class T>
void gemm_serial(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
                 MatrixView<std::type_identity_t<T>> b, T* c, int64_t ldc, bool add = false);

/// `batch` products of one shape; matrix i begins i strides after the first. A stride of 0 uses one
/// matrix for all. Small products are tasks of many, large ones are cut as gemm cuts them.
template <class T>
void gemm_batched(int64_t batch, int64_t m, int64_t n, int64_t k,
                  MatrixView<std::type_identity_t<T>> a, int64_t stride_a,
                  MatrixView<std::type_identity_t<T>> b, int64_t stride_b, T* c, int64_t ldc,
                  int64_t stride_c);

}  // namespace heed
