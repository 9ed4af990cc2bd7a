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

}  // namespace

template <class T>
PackedMatrix<T>::PackedMatrix(int64_t k, int64_t n, MatrixView<T> b)
    : k_(k), n_(n), data_(static_cast<T*>(detail::pool_allocate(size_t(bytes())))) {
  const int64_t row = b.transposed ? 1 : b.leading, column = b.transposed ? b.leading : 1;
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, k * panel_columns));
  parallel_for(0, panels(), grain, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      T* to = data_ + j * k * panel_columns;
      const int64_t first = j * panel_columns, count = std::min(panel_columns, n - first);
      for (int64_t p = 0; p < k; ++p)
        for (int64_t q = 0; q < panel_columns; ++q)
          to[p * panel_columns + q] =
              q < count ? b.data[p * row + (first + q) * column] : T(0);
    }
  });
}

template <class T>
PackedMatrix<T>::~PackedMatrix() {
  detail::pool_free(data_, size_t(bytes()));
}

template <class T>
void PackedMatrix<T>::multiply_add(int64_t m, const T* a, int64_t lda, T* c, int64_t ldc) const {
  for (int64_t j = 0; j < panels(); ++j) {
    const T* panel = data_ + j * k_ * panel_columns;
    const int64_t first = j * panel_columns;
    if (first + panel_columns <= n_) {
      simd::run_with_width([=, k = k_](auto width) {
        column<T, decltype(width)::value>(m, k, a, lda, panel, c + first, ldc);
      });
      continue;
    }
    const int64_t count = n_ - first;  // the last panel is narrower than a tile
    for (int64_t i = 0; i < m; ++i) {
      alignas(64) T row[panel_columns] = {};
      std::copy_n(c + i * ldc + first, count, row);
      simd::run_with_width([=, k = k_, &row](auto width) {
        column<T, decltype(width)::value>(1, k, a + i * lda, lda, panel, row, panel_columns);
      });
      std::copy_n(row, count, c + i * ldc + first);
    }
  }
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace heed
