#include "heed/core/packed.h"

#include <algorithm>

#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/simd.h"
#include "heed/core/tile_product.h"

namespace heed {
namespace {

/// One panel of C, which may be narrower than 128 bytes: C = A B, or C += A B.
template <class T>
void multiply_panel(int64_t m, int64_t k, MatrixView<T> a, const T* panel, T* c, int64_t ldc,
                    int64_t columns, bool add) {
  constexpr int64_t whole = PackedMatrix<T>::panel_columns, rows = 12;
  if (columns == whole) return tiles::multiply(m, whole, k, a, panel, whole, c, ldc, add);
  alignas(64) T wide[rows * whole] = {};
  for (int64_t i = 0; i < m; i += rows) {
    const int64_t count = std::min(rows, m - i);
    for (int64_t r = 0; add && r < count; ++r)
      std::copy_n(c + (i + r) * ldc, columns, wide + r * whole);
    tiles::multiply(count, whole, k, {a.data + i * a.leading, a.leading}, panel, whole, wide, whole,
                    add);
    for (int64_t r = 0; r < count; ++r) std::copy_n(wide + r * whole, columns, c + (i + r) * ldc);
  }
}

/// Columns [first, first + columns) of B as one panel, zeros beyond them. Ahead: fetches as many
/// that follow, where B is transposed.
template <class T>
void pack_panel(int64_t k, int64_t columns, MatrixView<T> b, int64_t first, T* panel,
                bool ahead = false) {
  constexpr int64_t width = PackedMatrix<T>::panel_columns;
  if (columns < width) std::fill_n(panel, k * width, T(0));
  if (b.transposed)
    return tiles::transpose(columns, k, b.data + first * b.leading, b.leading, panel, width,
                            ahead ? columns : 0);
  const T* from = b.data + first;
  if (columns == width)  // a number that the compiler knows
    for (int64_t p = 0; p < k; ++p) std::copy_n(from + p * b.leading, width, panel + p * width);
  else
    for (int64_t p = 0; p < k; ++p) std::copy_n(from + p * b.leading, columns, panel + p * width);
}

constexpr int64_t k_block = 256;  // of B: 32 KiB of a panel, which stays in the first cache

/// Columns [first, last) of C = A B, or C += A B, where panel(j, p, depth) has the rows [p, p +
/// depth) of B's columns from j on.
template <class T, class Panel>
void multiply_panels(int64_t m, int64_t k, MatrixView<T> a, const Panel& panel, T* c, int64_t ldc,
                     bool add, int64_t first, int64_t last) {
  constexpr int64_t columns = PackedMatrix<T>::panel_columns;
  const int64_t width = std::min(k, k_block) + 16;  // no power of two: rows share no cache sets
  const detail::Scratch<T> rows(a.transposed ? m * width : 0);
  for (int64_t p = 0; p < k; p += k_block) {
    const int64_t depth = std::min(k_block, k - p);
    const T* block = a.data + p;
    int64_t lda = a.leading;
    if (a.transposed) {
      // Read in place, each column of A would touch a page of its own for every element.
      tiles::transpose(depth, m, a.data + p * a.leading, a.leading, rows.data(), width);
      block = rows.data();
      lda = width;
    }
    for (int64_t j = first; j < last; j += columns)
      multiply_panel(m, depth, {block, lda}, panel(j, p, depth), c + j, ldc,
                     std::min(columns, last - j), add || p > 0);
  }
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
void PackedMatrix<T>::multiply(int64_t m, MatrixView<T> a, T* c, int64_t ldc, bool add,
                               int64_t first, int64_t last) const {
  const auto panel = [this](int64_t j, int64_t p, int64_t) {
    return data_ + j * k_ + p * panel_columns;
  };
  multiply_panels(m, k_, a, panel, c, ldc, add, first, std::min(last, n_));
}

namespace {

void fill_rows(int64_t m, const float* bias, int64_t first, int64_t last, float* c, int64_t ldc) {
  for (int64_t i = 0; bias && i < m; ++i) std::copy(bias + first, bias + last, c + i * ldc + first);
}

/// For rows that a task can take all: each block of B is packed by the one task that needs it, and
/// never leaves the first cache.
void multiply_packing(int64_t m, int64_t n, int64_t k, MatrixView<float> a, MatrixView<float> b,
                      bool add, const float* bias, float* c, int64_t ldc) {
  constexpr int64_t width = PackedMatrix<float>::panel_columns;
  constexpr double task_flops = 1.5e6;
  const int64_t most = int64_t(task_flops / (2 * double(m) * double(k)));
  const int64_t columns = even_piece(n, std::clamp<int64_t>(most, width, 256), width);
  parallel_for(0, n, columns, [&](int64_t first, int64_t last) {
    const detail::Scratch<float> block(std::min(k, k_block) * width);
    const auto panel = [&](int64_t j, int64_t p, int64_t depth) {
      const float* from = b.data + (b.transposed ? p : p * b.leading);
      pack_panel<float>(depth, std::min(width, n - j), {from, b.leading, b.transposed}, j,
                        block.data(), true);
      return block.data();
    };
    fill_rows(m, bias, first, last, c, ldc);
    multiply_panels<float>(m, k, a, panel, c, ldc, add, first, last);
  });
}

}  // namespace

void gemm_packed(int64_t m, int64_t n, int64_t k, MatrixView<float> a, MatrixView<float> b,
                 const float* bias, bool add, float* c, int64_t ldc) {
  constexpr int64_t most_rows = 256;  // the packing costs as much as 15 of them
  if (m <= most_rows && !a.transposed)
    return multiply_packing(m, n, k, a, b, bias || add, bias, c, ldc);
  const PackedMatrix<float> packed(k, n, b);
  const int64_t rows = even_piece(m, 96, 4);
  const int64_t columns = even_piece(n, m > 384 ? 1024 : 256, PackedMatrix<float>::panel_columns);
  const int64_t across = (n + columns - 1) / columns, down = (m + rows - 1) / rows;
  parallel_for(0, across * down, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t i = task / across * rows, j = task % across * columns;
      const int64_t height = std::min(rows, m - i), last = std::min(n, j + columns);
      fill_rows(height, bias, j, last, c + i * ldc, ldc);
      const float* from = a.data + (a.transposed ? i : i * a.leading);
      packed.multiply(height, {from, a.leading, a.transposed}, c + i * ldc, ldc, bias || add, j,
                      last);
    }
  });
}

bool prefers_packed(int64_t m, int64_t n, int64_t k) {
  return simd::isa() == simd::Isa::avx512 && m >= 24 && n >= 24 && k >= 16;
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace heed
