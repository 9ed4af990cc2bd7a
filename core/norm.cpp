#include "heed/core/norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/row_math.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

void check_vector(const Tensor& v, const Tensor& x, const char* name) {
  if (!v.defined()) return;
  require(v.shape() == Shape{x.shape().back()}, "layer_norm: expected a ", name, " (",
          x.shape().back(), ",) for x ", x.shape(), ", got ", v.shape());
  require(v.dtype() == x.dtype(), "layer_norm: dtypes differ: x ", x.dtype(), ", ", name, " ",
          v.dtype());
}

/// A vector of `size` numbers in double: those of v, or `otherwise` where v is empty.
template <class T>
std::vector<double> numbers(const Tensor& v, int64_t size, double otherwise) {
  if (!v.defined()) return std::vector<double>(size_t(size), otherwise);
  const Tensor whole = contiguous(v);
  return std::vector<double>(whole.data<T>(), whole.data<T>() + size);
}

template <class T>
struct Forward {
  const T* x;
  T *y, *mean, *rstd;
  const double *weight, *bias;
  int64_t n;
  double eps;

  void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; ++row) {
      const T* from = x + row * n;
      T* to = y + row * n;
      const double m = rows::sum(n, [from](int64_t i) { return double(from[i]); }) / double(n);
      const double v = rows::sum(n,
                                 [from, m](int64_t i) {
                                   const double distance = double(from[i]) - m;
                                   return distance * distance;
                                 }) /
                       double(n);
      const double r = 1 / math::sqrt(v + eps);
      const double *w = weight, *b = bias;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) to[i] = T((double(from[i]) - m) * r * w[i] + b[i]);
      mean[row] = T(m);
      rstd[row] = T(r);
    }
  }
};

template <class T>
struct Backward {
  const T *dy, *x, *mean, *rstd;
  const double* weight;
  T* dx;
  int64_t n;

  /// The gradients of x for some rows; those of weight and bias are added up.
  void rows(int64_t begin, int64_t end, double* dweight, double* dbias) const {
    for (int64_t row = begin; row < end; ++row) {
      const T *g = dy + row * n, *from = x + row * n;
      T* to = dx + row * n;
      const double *w = weight, m = mean[row], r = rstd[row];
      const double mean_g =
          rows::sum(n, [g, w](int64_t i) { return double(g[i]) * w[i]; }) / double(n);
      const double mean_gn = rows::sum(n,
                                       [g, w, from, m, r](int64_t i) {
                                         return double(g[i]) * w[i] * ((double(from[i]) - m) * r);
                                       }) /
                             double(n);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) {
        const double unit = (double(from[i]) - m) * r;
        to[i] = T(r * (double(g[i]) * w[i] - mean_g - unit * mean_gn));
        dweight[i] += double(g[i]) * unit;
        dbias[i] += double(g[i]);
      }
    }
  }
};

/// The sum of `pieces` vectors of 2 n numbers, piece by piece: the first n to dweight, the others
/// to dbias.
template <class T>
void add_pieces(const std::vector<double>& partial, int64_t pieces, int64_t n, T* dweight,
                T* dbias) {
  parallel_for(0, 2 * n, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double total = 0;
      for (int64_t piece = 0; piece < pieces; ++piece) total += partial[size_t(piece * 2 * n + i)];
      (i < n ? dweight[i] : dbias[i - n]) = T(total);
    }
  });
}

}  // namespace

LayerNormResult layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  require(x.dim() > 0, "layer_norm: expected x (..., D), got ", x.shape());
  check_vector(weight, x, "weight");
  check_vector(bias, x, "bias");
  const Tensor from = contiguous(x);
  Shape one = x.shape();
  one[one.size() - 1] = 1;  // (..., 1)
  const int64_t n = x.shape().back();
  LayerNormResult out{Tensor::allocate(x.shape(), x.dtype()), Tensor::allocate(one, x.dtype()),
                      Tensor::allocate(one, x.dtype())};
  dispatch_floating(x.dtype(), "layer_norm", [&](auto t) {
    using T = decltype(t);
    const auto w = numbers<T>(weight, n, 1), b = numbers<T>(bias, n, 0);
    const Forward<T> kernel{from.data<T>(),
                            out.y.mutable_data<T>(),
                            out.mean.mutable_data<T>(),
                            out.rstd.mutable_data<T>(),
                            w.data(),
                            b.data(),
                            n,
                            eps};
    parallel_for(0, out.mean.numel(), rows::rows_per_task(n), [&](int64_t begin, int64_t end) {
      simd::run([kernel, begin, end] { kernel.rows(begin, end); });
    });
  });
  return out;
}

LayerNormGradients layer_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                       const Tensor& rstd, const Tensor& weight) {
  require(dy.shape() == x.shape(), "layer_norm_backward: dy ", dy.shape(), " and x ", x.shape(),
          " must match");
  require(dy.dtype() == x.dtype(), "layer_norm_backward: dtypes differ: dy ", dy.dtype(), ", x ",
          x.dtype());
  require(x.dim() > 0, "layer_norm_backward: expected x (..., D), got ", x.shape());
  check_vector(weight, x, "weight");
  const int64_t n = x.shape().back(), rows = mean.numel();
  require(rows * n == x.numel() && mean.shape() == rstd.shape(), "layer_norm_backward: mean ",
          mean.shape(), " and rstd ", rstd.shape(), " do not fit x ", x.shape());
  const Tensor g = contiguous(dy), from = contiguous(x), m = contiguous(mean), r = contiguous(rstd);
  LayerNormGradients out{Tensor::allocate(x.shape(), x.dtype()), Tensor::allocate({n}, x.dtype()),
                         Tensor::allocate({n}, x.dtype())};
  dispatch_floating(x.dtype(), "layer_norm_backward", [&](auto t) {
    using T = decltype(t);
    const auto w = numbers<T>(weight, n, 1);
    const Backward<T> kernel{g.data<T>(),
                             from.data<T>(),
                             m.data<T>(),
                             r.data<T>(),
                             w.data(),
                             out.x.mutable_data<T>(),
                             n};
    const int64_t grain = std::max<int64_t>(16, rows::rows_per_task(n));
    const int64_t pieces = (rows + grain - 1) / grain;
    std::vector<double> partial(size_t(pieces * 2 * n));
    parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
      double* sums = partial.data() + begin / grain * 2 * n;
      simd::run([&kernel, begin, end, sums, n] { kernel.rows(begin, end, sums, sums + n); });
    });
    add_pieces(partial, pieces, n, out.weight.mutable_data<T>(), out.bias.mutable_data<T>());
  });
  return out;
}

}  // namespace heed
