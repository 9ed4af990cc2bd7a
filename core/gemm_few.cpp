#include "heed/core/gemm_few.h"

#include <algorithm>

#include "heed/core/lanes.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

template <class T>
struct Product {
  int64_t k;
  const T* a;
  int64_t lda;
  const T* b;  // (n, k)
  int64_t ldb;
  const T* bias;
  bool adds;  // to C?
  T* c;
  int64_t ldc;
};

/// Elements [i, i + Rows) x [j, j + Columns) of C. Ahead: fetches what the tile to the right reads.
template <class T, int Width, int Rows, int Columns, bool Ahead>
class Tile {
 public:
  [[gnu::always_inline]] inline Tile(const Product<T>& product, int64_t i, int64_t j)
      : p_(product),
        a_(p_.a + i * p_.lda),
        b_(p_.b + j * p_.ldb),
        c_(p_.c + i * p_.ldc + j),
        bias_(p_.bias ? p_.bias + j : nullptr) {}

  [[gnu::always_inline]] inline void run() {
    int64_t d = 0;
    for (; d + count <= p_.k; d += count) add(d, [](const T* from, Vector& x) { x = L::at(from); });
    if (d < p_.k) {  // the last vector of a row, without what it shares with the one before
      typename L::Bits fresh;
      for (int64_t l = 0; l < count; ++l) fresh[l] = l < count - (p_.k - d) ? 0 : -1;
      add(p_.k - count, [&](const T* from, Vector& x) {
        x = L::at(from);
        x = (Vector)((typename L::Bits)x & fresh);
      });
    }
    store();
  }

 private:
  using L = Lanes<T, Width>;
  using Vector = typename L::Vector;
  static constexpr int count = int(L::count), groups = (Rows * Columns + count - 1) / count;

  /// The products at the places d, d + 1, ... of k.
  template <class Read>
  [[gnu::always_inline]] inline void add(int64_t d, const Read& read) {
    Vector left[Rows], right;
    for (int r = 0; r < Rows; ++r) read(a_ + r * p_.lda + d, left[r]);
    for (int s = 0; s < Columns; ++s) {
      if constexpr (Ahead) __builtin_prefetch(b_ + (Columns + s) * p_.ldb + d);
      read(b_ + s * p_.ldb + d, right);
      for (int r = 0; r < Rows; ++r) sum_[r * Columns + s] += left[r] * right;
    }
  }

  [[gnu::always_inline]] inline void store() {
    alignas(64) T sums[groups * count];
    for (int g = 0; g < groups; ++g) {
      L::add_lanes(sum_ + g * count);
      L::at(sums + g * count) = sum_[g * count];
    }
    for (int r = 0; r < Rows; ++r) {
      const T* row = sums + r * Columns;
      T* to = c_ + r * p_.ldc;
      if (bias_)
        for (int s = 0; s < Columns; ++s) to[s] = bias_[s] + row[s];
      else if (p_.adds)
        for (int s = 0; s < Columns; ++s) to[s] += row[s];
      else
        for (int s = 0; s < Columns; ++s) to[s] = row[s];
    }
  }

  const Product<T>& p_;
  const T *a_, *b_;
  T* c_;
  const T* bias_;
  Vector sum_[groups * count] = {};  // row by row; sums of lanes
};

/// All m rows of the columns [j, j + Columns).
template <class T, int Width, int Columns>
[[gnu::always_inline]] inline void strip(const Product<T>& p, int64_t m, int64_t j) {
  constexpr int most = Width == 64 ? 4 : 2;  // there are 32 registers of 64 bytes, else 16
  int64_t i = 0;
  if (m >= most) {
    Tile<T, Width, most, Columns, true>(p, 0, j).run();
    for (i = most; i + most <= m; i += most) Tile<T, Width, most, Columns, false>(p, i, j).run();
  }
  if constexpr (most > 2)
    if (i + 2 <= m) {
      Tile<T, Width, 2, Columns, true>(p, i, j).run();
      i += 2;
    }
  if (i < m) Tile<T, Width, 1, Columns, true>(p, i, j).run();
}

constexpr double task_elements = 40000;  // of B: about 5 us for one row
constexpr int64_t most_tasks = 64;

}  // namespace

template <class T>
void gemm_few(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
              MatrixView<std::type_identity_t<T>> b, const T* bias, bool add, T* c, int64_t ldc) {
  const Product<T> p{k, a.data, a.leading, b.data, b.leading, bias, add, c, ldc};
  const double column = double(k) * std::max(1.0, double(m) / 8);
  const int64_t least =
      std::max(int64_t(task_elements / column), (n + most_tasks - 1) / most_tasks);
  parallel_for(0, n, (least + 15) / 16 * 16, [&](int64_t first, int64_t last) {
    simd::run_with_width([=, &p](auto width) {
      int64_t j = first;
      for (; j + 4 <= last; j += 4) strip<T, decltype(width)::value, 4>(p, m, j);
      for (; j < last; ++j) strip<T, decltype(width)::value, 1>(p, m, j);
    });
  });
}

int64_t most_few_rows() { return simd::isa() == simd::Isa::avx512 ? 64 : 8; }

template void gemm_few(int64_t, int64_t, int64_t, MatrixView<float>, MatrixView<float>,
                       const float*, bool, float*, int64_t);
template void gemm_few(int64_t, int64_t, int64_t, MatrixView<double>, MatrixView<double>,
                       const double*, bool, double*, int64_t);

}  // namespace heed
