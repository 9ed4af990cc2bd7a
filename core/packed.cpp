#include "heed/core/packed.h"

#include <algorithm>

#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

/// Rows x 128 bytes of C in registers: Vectors registers of Width bytes for each row.
template <class T, int Width, int Rows>
[[gnu::always_inline]] inline void tile(int64_t k, const T* a, int64_t lda, const T* panel, T* c,
                                        int64_t ldc) {
  typedef T Vector __attribute__((vector_size(Width)));
  typedef T Unaligned __attribute__((vector_size(Width), aligned(alignof(T))));
  constexpr int vectors = 128 / Width;
  constexpr int lanes = Width / int(sizeof(T));
  Vector sum[Rows][vectors];
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < vectors; ++v)
      sum[r][v] = *reinterpret_cast<const Unaligned*>(c + r * ldc + v * lanes);
  for (int64_t p = 0; p < k; ++p) {
    Vector b[vectors];
    for (int v = 0; v < vectors; ++v)
      b[v] = *reinterpret_cast<const Vector*>(panel + p * vectors * lanes + v * lanes);
    for (int r = 0; r < Rows; ++r)
      for (int v = 0; v < vectors; ++v) sum[r][v] += a[r * lda + p] * b[v];
  }
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < vectors; ++v)
      *reinterpret_cast<Unaligned*>(c + r * ldc + v * lanes) = sum[r][v];
}

/// All rows of one panel, in tiles as high as the registers allow.
template <class T, int Width>
[[gnu::always_inline]] inline void column(int64_t m, int64_t k, const T* a, int64_t lda,
                                          const T* panel, T* c, int64_t ldc) {
  int64_t i = 0;
  if constexpr (Width == 64) {
    for (; i + 12 <= m; i += 12) tile<T, Width, 12>(k, a + i * lda, lda, panel, c + i * ldc, ldc);
    for (; i + 8 <= m; i += 8) tile<T, Width, 8>(k, a + i * lda, lda, panel, c + i * ldc, ldc);
    for (; i + 4 <= m; i += 4) tile<T, Width, 4>(k, a + i * lda, lda, panel, c + i * ldc, ldc);
  } else if constexpr (Width == 32) {
    for (; i + 3 <= m; i += 3) tile<T, Width, 3>(k, a + i * lda, lda, panel, c + i * ldc, ldc);
  }
  for (; i < m; ++i) tile<T, Width, 1>(k, a + i * lda, lda, panel, c + i * ldc, ldc);
}

/// One panel of C, which may be narrower than a tile.
template <class T>
void multiply_panel(int64_t m, int64_t k, const T* a, int64_t lda, const T* panel, T* c,
                    int64_t ldc, int64_t columns) {
  constexpr int64_t whole = PackedMatrix<T>::panel_columns;
  if (columns == whole)
    return simd::run_with_width(
        [=](auto width) { column<T, decltype(width)::value>(m, k, a, lda, panel, c, ldc); });
  constexpr int64_t rows = 12;
  alignas(64) T wide[rows * whole];
  for (int64_t i = 0; i < m; i += rows) {
    const int64_t count = std::min(rows, m - i);
    for (int64_t r = 0; r < count; ++r) {
      std::copy_n(c + (i + r) * ldc, columns, wide + r * whole);
      std::fill_n(wide + r * whole + columns, whole - columns, T(0));
    }
    simd::run_with_width([&](auto width) {
      column<T, decltype(width)::value>(count, k, a + i * lda, lda, panel, wide, whole);
    });
    for (int64_t r = 0; r < count; ++r) std::copy_n(wide + r * whole, columns, c + (i + r) * ldc);
  }
}

/// Columns [first, first + columns) of B as one panel, zeros beyond them.
template <class T>
void pack_panel(int64_t k, int64_t columns, MatrixView<T> b, int64_t first, T* panel) {
  constexpr int64_t width = PackedMatrix<T>::panel_columns, step = 16;
  if (columns < width) std::fill_n(panel, k * width, T(0));
  if (!b.transposed) {
    for (int64_t p = 0; p < k; ++p)
      std::copy_n(b.data + p * b.leading + first, columns, panel + p * width);
    return;
  }
  for (int64_t p = 0; p < k; p += step)  // a few rows of the panel at a time stay in the cache
    for (int64_t q = 0; q < columns; ++q) {
      const T* from = b.data + (first + q) * b.leading;
      const int64_t end = std::min(k, p + step);
      for (int64_t r = p; r < end; ++r) panel[r * width + q] = from[r];
    }
}

/// to (m, k), rows `to_leading` apart, = the transpose of from (k, m): read in place, each column
/// of A would touch a page of its own for every element. Squares that share a cache line go through
/// a block of registers.
template <class T>
void transpose_block(int64_t m, int64_t k, const T* from, int64_t leading, T* to,
                     int64_t to_leading) {
  constexpr int64_t side = 64 / int64_t(sizeof(T));
  int64_t i = 0;
  for (; i + side <= m; i += side) {
    int64_t p = 0;
    for (; p + side <= k; p += side)
      simd::run([=] {
        T square[side][side];
        for (int64_t q = 0; q < side; ++q)
          for (int64_t r = 0; r < side; ++r) square[q][r] = from[(p + q) * leading + i + r];
        for (int64_t r = 0; r < side; ++r)
          for (int64_t q = 0; q < side; ++q) to[(i + r) * to_leading + p + q] = square[q][r];
      });
    for (; p < k; ++p)
      for (int64_t r = i; r < i + side; ++r) to[r * to_leading + p] = from[p * leading + r];
  }
  for (int64_t p = 0; p < k; ++p)
    for (int64_t r = i; r < m; ++r) to[r * to_leading + p] = from[p * leading + r];
}

constexpr int64_t k_block = 256;  // of B: 32 KiB of a panel, which stays in the first cache

/// A length cut into equal pieces of at most `most`, each a multiple of `unit`.
int64_t even_piece(int64_t length, int64_t most, int64_t unit) {
  const int64_t pieces = std::max<int64_t>(1, (length + most - 1) / most);
  const int64_t piece = (length + pieces - 1) / pieces;
  return (piece + unit - 1) / unit * unit;
}

}  // namespace

template <class T>
PackedMatrix<T>::PackedMatrix(int64_t k, int64_t n, MatrixView<T> b)
    : k_(k), n_(n), data_(static_cast<T*>(detail::pool_allocate(size_t(bytes())))) {
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, k * panel_columns));
  parallel_for(0, panels(), grain, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t first = j * panel_columns;
      T* panel = data_ + j * k * panel_columns;
      pack_panel(k, std::min(panel_columns, n - first), b, first, panel);
    }
  });
}

template <class T>
PackedMatrix<T>::~PackedMatrix() {
  detail::pool_free(data_, size_t(bytes()));
}

template <class T>
void PackedMatrix<T>::multiply_add(int64_t m, MatrixView<T> a, T* c, int64_t ldc, int64_t first,
                                   int64_t last) const {
  last = std::min(last, n_);
  const int64_t width = std::min(k_, k_block) + 16;  // no power of two: rows share no cache sets
  const detail::Scratch<T> rows(a.transposed ? m * width : 0);
  for (int64_t p = 0; p < k_; p += k_block) {
    const int64_t depth = std::min(k_block, k_ - p);
    const T* block = a.data + p;
    int64_t lda = a.leading;
    if (a.transposed) {
      transpose_block(m, depth, a.data + p * a.leading, a.leading, rows.data(), width);
      block = rows.data();
      lda = width;
    }
    for (int64_t j = first; j < last; j += panel_columns) {
      const T* panel = data_ + j * k_ + p * panel_columns;
      multiply_panel(m, depth, block, lda, panel, c + j, ldc, std::min(panel_columns, last - j));
    }
  }
}

void gemm_packed(int64_t m, int64_t n, int64_t k, MatrixView<float> a, MatrixView<float> b,
                 float beta, const float* bias, float* c, int64_t ldc) {
  const PackedMatrix<float> packed(k, n, b);
  const int64_t rows = even_piece(m, 96, 4);
  const int64_t columns = even_piece(n, m > 384 ? 1024 : 256, PackedMatrix<float>::panel_columns);
  const int64_t across = (n + columns - 1) / columns, down = (m + rows - 1) / rows;
  parallel_for(0, across * down, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t i = task / across * rows, j = task % across * columns;
      const int64_t height = std::min(rows, m - i), last = std::min(n, j + columns);
      for (int64_t r = i; r < i + height; ++r) {
        if (bias)
          std::copy(bias + j, bias + last, c + r * ldc + j);
        else if (beta == 0)
          std::fill(c + r * ldc + j, c + r * ldc + last, 0.0f);
      }
      const float* from = a.data + (a.transposed ? i : i * a.leading);
      packed.multiply_add(height, {from, a.leading, a.transposed}, c + i * ldc, ldc, j, last);
    }
  });
}

bool prefers_packed(int64_t m, int64_t n, int64_t k) {
  return simd::isa() == simd::Isa::avx512 && m >= 24 && n >= 24 && k >= 16;
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace heed
