#pragma once
// internal

#include <cstdint>
#include <type_traits>

#include "heed/core/gemm.h"
#include "heed/core/simd.h"

/// Small products and transposes on the calling thread, for kernels that walk through memory tile
/// by tile. Nothing is packed: operands are read where they lie.
namespace heed::tiles {

/// Elements in 64 bytes, a vector of the widest instruction set: widths of tiles are multiples of
/// it on every machine.
template <class T>
inline constexpr int64_t unit = 64 / int64_t(sizeof(T));

template <class T>
constexpr int64_t whole_units(int64_t n) {
  return (n + unit<T> - 1) / unit<T> * unit<T>;
}

/// C = A B, or C += A B, with A (m, k), B (k, n) and C (m, n), n a multiple of unit<T>. Every
/// element of C is one chain of multiply-adds over k, so its bits do not depend on its neighbours.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a, const T* b,
              int64_t ldb, T* c, int64_t ldc, bool add);

/// to (columns, rows) = the transpose of from (rows, columns). Memory that lies `ahead` rows behind
/// is fetched meanwhile, if that is not 0.
template <class T>
void transpose(int64_t rows, int64_t columns, const T* from, int64_t leading, T* to,
               int64_t leading_to, int64_t ahead = 0);

/// C (Rows, Vectors registers of Width bytes) = A B, or that added to C.
template <class T, int Width, int Rows, int Vectors, bool Transposed>
[[gnu::always_inline]] inline void register_tile(int64_t k, const T* a, int64_t lda, const T* b,
                                                 int64_t ldb, T* c, int64_t ldc, bool add) {
  typedef T Vector __attribute__((vector_size(Width)));
  typedef T Unaligned __attribute__((vector_size(Width), aligned(alignof(T)), may_alias));
  constexpr int lanes = Width / int(sizeof(T));
  Vector sum[Rows][Vectors] = {};
  if (add)
    for (int r = 0; r < Rows; ++r)
      for (int v = 0; v < Vectors; ++v)
        sum[r][v] = *reinterpret_cast<const Unaligned*>(c + r * ldc + v * lanes);
  for (int64_t p = 0; p < k; ++p) {
    Vector right[Vectors];
    for (int v = 0; v < Vectors; ++v)
      right[v] = *reinterpret_cast<const Unaligned*>(b + p * ldb + v * lanes);
    for (int r = 0; r < Rows; ++r)
      for (int v = 0; v < Vectors; ++v)
        sum[r][v] += (Transposed ? a[p * lda + r] : a[r * lda + p]) * right[v];
  }
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v)
      *reinterpret_cast<Unaligned*>(c + r * ldc + v * lanes) = sum[r][v];
}

}  // namespace heed::tiles
