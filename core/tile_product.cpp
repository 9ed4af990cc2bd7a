#include "heed/core/tile_product.h"

#include <algorithm>
#include <utility>

#include "heed/core/lanes.h"

namespace heed::tiles {
namespace {

/// How many of the rows that are left the next tile has. Each multiply-add takes four cycles, so a
/// tile of one or two rows waits for its own sums: what is left over is cut in halves instead.
template <int Most>
int64_t next_rows(int64_t left) {
  if (left > 8 && left < Most + Most / 3 && left != Most) return (left + 1) / 2;
  return std::min<int64_t>(left, Most);
}

/// A tile of at most Rows rows, 12 or up to 8.
template <class T, int Width, int Rows, int Vectors, bool Transposed>
[[gnu::always_inline]] inline void tile(int64_t rows, int64_t k, const T* a, int64_t lda,
                                        const T* b, int64_t ldb, T* c, int64_t ldc, bool add) {
  if (rows == Rows)
    return register_tile<T, Width, Rows, Vectors, Transposed>(k, a, lda, b, ldb, c, ldc, add);
  constexpr int lower = Rows > 8 ? 8 : Rows - 1;
  if constexpr (lower > 0)
    tile<T, Width, lower, Vectors, Transposed>(rows, k, a, lda, b, ldb, c, ldc, add);
}

/// All rows of C, tile by tile.
template <class T, int Width, int Most, int Vectors, bool Transposed>
[[gnu::always_inline]] inline void column(int64_t m, int64_t k, MatrixView<T> a, const T* b,
                                          int64_t ldb, T* c, int64_t ldc, bool add) {
  for (int64_t i = 0, rows; i < m; i += rows) {
    rows = next_rows<Most>(m - i);
    tile<T, Width, Most, Vectors, Transposed>(rows, k, a.data + (Transposed ? i : i * a.leading),
                                              a.leading, b, ldb, c + i * ldc, ldc, add);
  }
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
    column<T, Width, most_rows<Width, two>, two, Transposed>(m, k, a, b + j, ldb, c + j, ldc, add);
  if (j < n)
    column<T, Width, most_rows<Width, one>, one, Transposed>(m, k, a, b + j, ldb, c + j, ldc, add);
}

/// Swaps the off-diagonal blocks of all squares of 2 Half rows.
template <int Half, class Vector, int... I>
[[gnu::always_inline]] inline void swap_blocks(Vector* x, std::integer_sequence<int, I...>) {
  constexpr int lanes = int(sizeof...(I));
  for (int i = 0; i < lanes; ++i)
    if ((i & Half) == 0) {
      const Vector a = x[i], b = x[i + Half];
      x[i] = __builtin_shufflevector(a, b, (I & Half ? lanes + I - Half : I)...);
      x[i + Half] = __builtin_shufflevector(a, b, (I & Half ? lanes + I : I + Half)...);
    }
  if constexpr (Half > 1) swap_blocks<Half / 2>(x, std::integer_sequence<int, I...>());
}

/// All whole squares of as many rows as a register of Width bytes has lanes, then what is left.
template <class T, int Width>
[[gnu::always_inline]] inline void transpose_squares(int64_t rows, int64_t columns, const T* from,
                                                     int64_t leading, T* to, int64_t leading_to,
                                                     int64_t ahead) {
  using L = Lanes<T, Width>;
  constexpr int side = int(L::count);
  const int64_t whole_rows = rows / side * side, whole_columns = columns / side * side;
  for (int64_t i = 0; i < whole_rows; i += side)
    for (int64_t j = 0; j < whole_columns; j += side) {
      typename L::Vector square[side];
      for (int r = 0; r < side; ++r) {
        if (ahead > 0) __builtin_prefetch(from + (i + r + ahead) * leading + j);
        square[r] = L::at(from + (i + r) * leading + j);
      }
      swap_blocks<side / 2>(square, std::make_integer_sequence<int, side>());
      for (int r = 0; r < side; ++r) L::at(to + (j + r) * leading_to + i) = square[r];
    }
  const auto rest = [&](int64_t i, int64_t height, int64_t j, int64_t width) {
    if constexpr (Width > 16)
      transpose_squares<T, 16>(height, width, from + i * leading + j, leading,
                               to + j * leading_to + i, leading_to, ahead);
    else
      for (int64_t r = i; r < i + height; ++r)
        for (int64_t s = j; s < j + width; ++s) to[s * leading_to + r] = from[r * leading + s];
  };
  rest(0, whole_rows, whole_columns, columns - whole_columns);
  rest(whole_rows, rows - whole_rows, 0, columns);
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
               int64_t leading_to, int64_t ahead) {
  simd::run_with_width([=](auto width) {
    transpose_squares<T, decltype(width)::value>(rows, columns, from, leading, to, leading_to,
                                                 ahead);
  });
}

template void multiply<float>(int64_t, int64_t, int64_t, MatrixView<float>, const float*, int64_t,
                              float*, int64_t, bool);
template void multiply<double>(int64_t, int64_t, int64_t, MatrixView<double>, const double*,
                               int64_t, double*, int64_t, bool);
template void transpose<float>(int64_t, int64_t, const float*, int64_t, float*, int64_t, int64_t);
template void transpose<double>(int64_t, int64_t, const double*, int64_t, double*, int64_t,
                                int64_t);

}  // namespace heed::tiles
