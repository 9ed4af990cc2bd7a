// The only file that includes cblas.
#include "heed/core/gemm.h"

#include <cblas.h>

#include <algorithm>
#include <limits>

#include "heed/core/error.h"
#include "heed/core/gemm_buffers.h"
#include "heed/core/gemm_few.h"
#include "heed/core/gemm_tall.h"
#include "heed/core/packed.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"
#include "heed/core/tile_product.h"

extern "C" {  // Debian's cblas.h may be the reference one, which lacks these
void openblas_set_num_threads(int);
char* openblas_get_config();
char* openblas_get_corename();
}

namespace heed {
namespace {

constexpr double serial_flops = 1e6;  // smaller products stay on one thread: about 10 us
constexpr double task_flops = 1.5e6;  // a task is worth at least this much: about 15 us
constexpr int64_t most_tiles = 64;    // four for each of 16 cores

constexpr int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr double flops(int64_t m, int64_t n, int64_t k) {
  return 2.0 * double(m) * double(n) * double(k);
}

/// The size of the tiles that a product is cut into. The last row and column of tiles may be less.
struct Tiles {
  int64_t m, n, rows, columns;

  Tiles(int64_t m_, int64_t n_, int64_t k) : m(m_), n(n_), rows(m_), columns(n_) {
    const double work = flops(m, n, k);
    if (work < serial_flops) return;
    const int64_t wanted = int64_t(std::clamp(work / task_flops, 2.0, double(most_tiles)));
    while (count() < wanted) {
      int64_t& longer = rows > columns ? rows : columns;
      // Every tile packs its part of A and B anew: short sides are halved only to feed 8 cores.
      if (longer < (count() < 8 ? 128 : 192)) return;
      longer = ceil_divide(ceil_divide(longer, 2), 16) * 16;  // whole register tiles
    }
  }
  int64_t count() const { return ceil_divide(m, rows) * ceil_divide(n, columns); }
};

template <class T>
const T* element(const MatrixView<T>& a, int64_t row, int64_t column) {
  return a.data + (a.transposed ? column * a.leading + row : row * a.leading + column);
}

/// What a product is added to: bias in every row, C itself (add), or zeros.
template <class T>
void start_rows(int64_t m, int64_t n, const T* bias, bool add, T* c, int64_t ldc) {
  for (int64_t i = 0; !add && i < m; ++i)
    if (bias)
      std::copy_n(bias, n, c + i * ldc);
    else
      std::fill_n(c + i * ldc, n, T(0));
}

void blas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda,
               const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}
void blas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a,
               int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}
void blas_gemv(CBLAS_TRANSPOSE ta, int rows, int columns, const float* a, int lda, const float* x,
               int incx, float* y, int incy) {
  cblas_sgemv(CblasRowMajor, ta, rows, columns, 1, a, lda, x, incx, 1, y, incy);
}
void blas_gemv(CBLAS_TRANSPOSE ta, int rows, int columns, const double* a, int lda, const double* x,
               int incx, double* y, int incy) {
  cblas_dgemv(CblasRowMajor, ta, rows, columns, 1, a, lda, x, incx, 1, y, incy);
}

/// y += A x with A (m, k). OpenBLAS's gemm would pack A first, which costs six times as much.
template <class T>
void multiply_vector(int64_t m, int64_t k, const MatrixView<T>& a, const T* x, int64_t step_x, T* y,
                     int64_t step_y) {
  if (a.transposed)
    blas_gemv(CblasTrans, int(k), int(m), a.data, int(a.leading), x, int(step_x), y, int(step_y));
  else
    blas_gemv(CblasNoTrans, int(m), int(k), a.data, int(a.leading), x, int(step_x), y, int(step_y));
}

/// One tile, all sizes checked.
template <class T>
void multiply_tile(int64_t m, int64_t n, int64_t k, MatrixView<T> a, MatrixView<T> b, const T* bias,
                   bool add, T* c, int64_t ldc) {
  const bool vector = m == 1 || n == 1;
  if (bias || vector || k == 0) {  // gemv's own beta = 0 keeps NaN in some versions
    start_rows(m, n, bias, add, c, ldc);
    add = true;
  }
  if (k == 0) return;
  if (n == 1) return multiply_vector(m, k, a, b.data, b.transposed ? 1 : b.leading, c, ldc);
  if (m == 1) {
    b.transposed = !b.transposed;
    return multiply_vector(n, k, b, a.data, a.transposed ? a.leading : 1, c, 1);
  }
  const auto flag = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
  blas_gemm(flag(a.transposed), flag(b.transposed), int(m), int(n), int(k), a.data, int(a.leading),
            b.data, int(b.leading), T(add), c, int(ldc));
}

template <class T>
void prepare(int64_t m, int64_t n, int64_t k, const MatrixView<T>& a, const MatrixView<T>& b,
             int64_t ldc) {
  static const bool one_thread = (openblas_set_num_threads(1), true);
  (void)one_thread;
  detail::take_gemm_buffers();
  for (int64_t size : {m, n, k, a.leading, b.leading, ldc})
    require(size <= std::numeric_limits<int>::max(), "gemm: a dimension of ", size,
            " exceeds OpenBLAS's 32-bit int");
}

/// Small enough, and of such widths, that packing would cost more than the product?
template <class T>
bool prefers_tiles(int64_t m, int64_t n, int64_t k, const MatrixView<T>& b) {
  return !b.transposed && n % tiles::unit<T> == 0 && m > 1 && m * n * k <= 32 * 32 * 32 &&
         simd::isa() != simd::Isa::baseline;
}

/// Calls fn(row, column, rows, columns) for every tile, in parallel.
template <class F>
void for_each_tile(const Tiles& tiles, const F& fn) {
  const int64_t across = ceil_divide(tiles.n, tiles.columns);
  parallel_for(0, tiles.count(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / across * tiles.rows, column = i % across * tiles.columns;
      fn(row, column, std::min(tiles.rows, tiles.m - row),
         std::min(tiles.columns, tiles.n - column));
    }
  });
}

/// bias may be null; it and add exclude each other.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, MatrixView<T> a, MatrixView<T> b, const T* bias,
              bool add, T* c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  if (!bias && prefers_tiles(m, n, k, b))
    return tiles::multiply<T>(m, n, k, a, b.data, b.leading, c, ldc, add);
  if constexpr (std::is_same_v<T, float>) {
    if (!bias && !add && prefers_tall(m, n, k, a, b))
      return gemm_tall(m, n, k, a.data, a.leading, b.data, b.leading, c, ldc);
    if (prefers_packed(m, n, k)) return gemm_packed(m, n, k, a, b, bias, add, c, ldc);
  }
  if (prefers_few(m, k, a, b)) return gemm_few<T>(m, n, k, a, b, bias, add, c, ldc);
  prepare(m, n, k, a, b, ldc);
  for_each_tile(Tiles(m, n, k), [&](int64_t row, int64_t column, int64_t rows, int64_t columns) {
    multiply_tile<T>(rows, columns, k, {element(a, row, 0), a.leading, a.transposed},
                     {element(b, 0, column), b.leading, b.transposed},
                     bias ? bias + column : nullptr, add, c + row * ldc + column, ldc);
  });
}

}  // namespace

std::string blas_description() {
  std::string text = openblas_get_config();
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text + " (" + openblas_get_corename() + ")";
}

template <class T>
void gemm(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
          MatrixView<std::type_identity_t<T>> b, T* c, int64_t ldc, bool add) {
  multiply<T>(m, n, k, a, b, nullptr, add, c, ldc);
}

template <class T>
void gemm_bias(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
               MatrixView<std::type_identity_t<T>> b, const T* bias, T* c, int64_t ldc) {
  multiply<T>(m, n, k, a, b, bias, false, c, ldc);
}

template <class T>
void gemm_serial(int64_t m, int64_t n, int64_t k, MatrixView<std::type_identity_t<T>> a,
                 MatrixView<std::type_identity_t<T>> b, T* c, int64_t ldc, bool add) {
  if (m == 0 || n == 0) return;
  if (prefers_tiles(m, n, k, b))
    return tiles::multiply<T>(m, n, k, a, b.data, b.leading, c, ldc, add);
  prepare(m, n, k, a, b, ldc);
  multiply_tile<T>(m, n, k, a, b, nullptr, add, c, ldc);
}

template <class T>
void gemm_batched(int64_t batch, int64_t m, int64_t n, int64_t k,
                  MatrixView<std::type_identity_t<T>> a, int64_t stride_a,
                  MatrixView<std::type_identity_t<T>> b, int64_t stride_b, T* c, int64_t ldc,
                  int64_t stride_c) {
  const double work = flops(m, n, k);
  const bool packed = std::is_same_v<T, float> && prefers_packed(m, n, k);
  const bool small = !packed && (work < task_flops || batch >= most_tiles);
  const int64_t grain = std::max<int64_t>(1, int64_t(task_flops / std::max(work, 1.0)));
  parallel_for(0, batch, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const MatrixView<T> ai{a.data + i * stride_a, a.leading, a.transposed};
      const MatrixView<T> bi{b.data + i * stride_b, b.leading, b.transposed};
      if (small)
        gemm_serial<T>(m, n, k, ai, bi, c + i * stride_c, ldc);
      else
        gemm<T>(m, n, k, ai, bi, c + i * stride_c, ldc);
    }
  });
}

template void gemm<float>(int64_t, int64_t, int64_t, MatrixView<float>, MatrixView<float>, float*,
                          int64_t, bool);
template void gemm_bias<float>(int64_t, int64_t, int64_t, MatrixView<float>, MatrixView<float>,
                               const float*, float*, int64_t);
template void gemm_serial<float>(int64_t, int64_t, int64_t, MatrixView<float>, MatrixView<float>,
                                 float*, int64_t, bool);
template void gemm_batched<float>(int64_t, int64_t, int64_t, int64_t, MatrixView<float>, int64_t,
                                  MatrixView<float>, int64_t, float*, int64_t, int64_t);
template void gemm<double>(int64_t, int64_t, int64_t, MatrixView<double>, MatrixView<double>,
                           double*, int64_t, bool);
template void gemm_bias<double>(int64_t, int64_t, int64_t, MatrixView<double>, MatrixView<double>,
                                const double*, double*, int64_t);
template void gemm_serial<double>(int64_t, int64_t, int64_t, MatrixView<double>, MatrixView<double>,
                                  double*, int64_t, bool);
template void gemm_batched<double>(int64_t, int64_t, int64_t, int64_t, MatrixView<double>, int64_t,
                                   MatrixView<double>, int64_t, double*, int64_t, int64_t);

}  // namespace heed
