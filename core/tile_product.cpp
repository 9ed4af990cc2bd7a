#include "heed/core/tile_product.h"

namespace heed::tiles {
namespace {

/// Rows [i, m) of C in tiles of Rows rows, the rest in lower ones.
template <class T, int Width, int Rows, int Vectors, bool Transposed>
[[gnu::always_inline]] inline void column(int64_t i, int64_t m, int64_t k, MatrixView<T> a,
                                          const T* b, int64_t ldb, T* c, int64_t ldc, bool add) {
  for (; i + Rows <= m; i += Rows)
    register_tile<T, Width, Rows, Vectors, Transposed>(k, a.data + (Transposed ? i : i * a.leading),
                                                       a.leading, b, ldb, c + i * ldc, ldc, add);
  constexpr int lower = Rows > 8 ? 8 : Rows > 4 ? 4 : Rows - 1;
  if constexpr (lower > 0)
    if (i < m) column<T, Width, lower, Vectors, Transposed>(i, m, k, a, b, ldb, c, ldc, add);
}

/// As many rows as leave registers for the row of B: there are 32 of 64 bytes, else 16.
template <int Width, int Vectors>
constexpr int most_rows = Width == 64    ? 12
                          : Vectors >= 8 ? 1
                                         : 12 / Vectors;

template <class T, int Width, bool Transposed>
[[gnu::always_inline]] inline void columns(int64_t m, int64_t n, int64_t k, MatrixView<T> a,
                                           const T* b, int64_t ldb, T* c, int64_t ldc, bool add) {
  constexpr int one = 64 / Width, two = 128 / Width;
  int64_t j = 0;
  for (; j + 2 * unit<T> <= n; j += 2 * unit<T>)
    column<T, Width, most_rows<Width, two>, two, Transposed>(0, m, k, a, b + j, ldb, c + j, ldc,
                                                             add);
  if (j < n)
    column<T, Width, most_rows<Width, one>, one, Transposed>(0, m, k, a, b + j, ldb, c + j, ldc,
                                                             add);
}

/// One square of as many rows as 16 bytes have elements.
template <class T>
[[gnu::always_inline]] inline void transpose_square(const T* from, int64_t ldf, T* to,
                                                    int64_t ldt) {
  typedef T Vector __attribute__((vector_size(16)));
  typedef T Unaligned __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
  const auto row = [=](int64_t i) -> Vector {
    return *reinterpret_cast<const Unaligned*>(from + i * ldf);
  };
  const auto put = [=](int64_t i, Vector x) { *reinterpret_cast<Unaligned*>(to + i * ldt) = x; };
  if constexpr (sizeof(T) == 8) {
    put(0, __builtin_shufflevector(row(0), row(1), 0, 2));
    put(1, __builtin_shufflevector(row(0), row(1), 1, 3));
  } else {
    const Vector a = __builtin_shufflevector(row(0), row(1), 0, 4, 1, 5);
    const Vector b = __builtin_shufflevector(row(0), row(1), 2, 6, 3, 7);
    const Vector c = __builtin_shufflevector(row(2), row(3), 0, 4, 1, 5);
    const Vector d = __builtin_shufflevector(row(2), row(3), 2, 6, 3, 7);
    put(0, __builtin_shufflevector(a, c, 0, 1, 4, 5));
    put(1, __builtin_shufflevector(a, c, 2, 3, 6, 7));
    put(2, __builtin_shufflevector(b, d, 0, 1, 4, 5));
    put(3, __builtin_shufflevector(b, d, 2, 3, 6, 7));
  }
}

}  // namespace

template <class T>
void multiply(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a, const T* b,
              int64_t ldb, T* c, int64_t ldc, bool add) {
  simd::run_with_width([=](auto width) {
    if (a.transposed)
      columns<T, decltype(width)::value, true>(m, n, k, a, b, ldb, c, ldc, add);
    else
      columns<T, decltype(width)::value, false>(m, n, k, a, b, ldb, c, ldc, add);
  });
}

template <class T>
void transpose(int64_t rows, int64_t columns, const T* from, int64_t leading, T* to,
               int64_t leading_to) {
  constexpr int64_t side = 16 / int64_t(sizeof(T));
  const int64_t whole = columns / side * side;
  int64_t i = 0;
  for (; i + side <= rows; i += side) {
    for (int64_t j = 0; j < whole; j += side)
      transpose_square(from + i * leading + j, leading, to + j * leading_to + i, leading_to);
    for (int64_t j = whole; j < columns; ++j)
      for (int64_t r = i; r < i + side; ++r) to[j * leading_to + r] = from[r * leading + j];
  }
  for (; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) to[j * leading_to + i] = from[i * leading + j];
}

template void multiply<float>(int64_t, int64_t, int64_t, MatrixView<float>, const float*, int64_t,
                              float*, int64_t, bool);
template void multiply<double>(int64_t, int64_t, int64_t, MatrixView<double>, const double*,
                               int64_t, double*, int64_t, bool);
template void transpose<float>(int64_t, int64_t, const float*, int64_t, float*, int64_t);
template void transpose<double>(int64_t, int64_t, const double*, int64_t, double*, int64_t);

}  // namespace heed::tiles
