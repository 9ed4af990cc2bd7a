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

void check_vector(const char* op, const Tensor& v, const Tensor& x, const char* name) {
  if (!v.defined()) return;
  require(v.shape() == Shape{x.shape().back()}, op, ": expected a ", name, " (", x.shape().back(),
          ",) for x ", x.shape(), ", got ", v.shape());
  require(v.dtype() == x.dtype(), op, ": dtypes differ: x ", x.dtype(), ", ", name, " ", v.dtype());
}

/// A tensor with one number for each row of x (..., D): (..., 1).
Tensor sized_like_rows(const Tensor& x) {
  Shape one = x.shape();
  one[one.size() - 1] = 1;
  return Tensor::allocate(one, x.dtype());
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

template <class T>
struct RmsForward {
  const T* x;
  T *y, *rrms;
  const double* weight;
  int64_t n;
  double eps;

  void rows(int64_t begin, int64_t end) const {
    for (int64_t row = begin; row < end; ++row) {
      const T* from = x + row * n;
      T* to = y + row * n;
      const double squares = rows::sum(n, [from](int64_t i) { return double(from[i]) * from[i]; });
      const double r = 1 / math::sqrt(squares / double(n) + eps);
      const double* w = weight;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) to[i] = T(double(from[i]) * r * w[i]);
      rrms[row] = T(r);
    }
  }
};

template <class T>
struct RmsBackward {
  const T *dy, *x, *rrms;
  const double* weight;
  T* dx;
  int64_t n;

  /// The gradients of x for some rows; those of the weight are added up.
  void rows(int64_t begin, int64_t end, double* dweight) const {
    for (int64_t row = begin; row < end; ++row) {
      const T *g = dy + row * n, *from = x + row * n;
      T* to = dx + row * n;
      const double *w = weight, r = rrms[row];
      const double mean_gn =
          rows::sum(n, [g, w, from,
                        r](int64_t i) { return double(g[i]) * w[i] * (double(from[i]) * r); }) /
          double(n);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) {
        const double unit = double(from[i]) * r;
        to[i] = T(r * (double(g[i]) * w[i] - unit * mean_gn));
        dweight[i] += double(g[i]) * unit;
      }
    }
  }
};

/// Vectors of sums over some rows each, in double: piece p begins at `width` p.
struct Pieces {
  Pieces(int64_t rows, int64_t n, int64_t width)
      : grain(std::max<int64_t>(16, rows::rows_per_task(n))),
        count((rows + grain - 1) / grain),
        width(width),
        sums(size_t(count * width)) {}

  double* of_row(int64_t row) { return sums.data() + row / grain * width; }

  /// to[i] = the sum over all pieces of element first + i, piece by piece.
  template <class T>
  void add_up(int64_t first, int64_t n, T* to) const {
    parallel_for(0, n, 4096, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double total = 0;
        for (int64_t p = 0; p < count; ++p) total += sums[size_t(p * width + first + i)];
        to[i] = T(total);
      }
    });
  }

  int64_t grain, count, width;
  std::vector<double> sums;
};

}  // namespace

LayerNormResult layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  require(x.dim() > 0, "layer_norm: expected x (..., D), got ", x.shape());
  check_vector("layer_norm", weight, x, "weight");
  check_vector("layer_norm", bias, x, "bias");
  const Tensor from = contiguous(x);
  const int64_t n = x.shape().back();
  LayerNormResult out{Tensor::allocate(x.shape(), x.dtype()), sized_like_rows(x),
                      sized_like_rows(x)};
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
  check_vector("layer_norm", weight, x, "weight");
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
    Pieces pieces(rows, n, 2 * n);
    parallel_for(0, rows, pieces.grain, [&](int64_t begin, int64_t end) {
      double* sums = pieces.of_row(begin);
      simd::run([&kernel, begin, end, sums, n] { kernel.rows(begin, end, sums, sums + n); });
    });
    pieces.add_up(0, n, out.weight.mutable_data<T>());
    pieces.add_up(n, n, out.bias.mutable_data<T>());
  });
  return out;
}

RmsNormResult rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  require(x.dim() > 0, "rms_norm: expected x (..., D), got ", x.shape());
  check_vector("rms_norm", weight, x, "weight");
  const Tensor from = contiguous(x);
  const int64_t n = x.shape().back();
  RmsNormResult out{Tensor::allocate(x.shape(), x.dtype()), sized_like_rows(x)};
  dispatch_floating(x.dtype(), "rms_norm", [&](auto t) {
    using T = decltype(t);
    const auto w = numbers<T>(weight, n, 1);
    const RmsForward<T> kernel{
        from.data<T>(), out.y.mutable_data<T>(), out.rrms.mutable_data<T>(), w.data(), n, eps};
    parallel_for(0, out.rrms.numel(), rows::rows_per_task(n), [&](int64_t begin, int64_t end) {
      simd::run([kernel, begin, end] { kernel.rows(begin, end); });
    });
  });
  return out;
}

RmsNormGradients rms_norm_backward(const Tensor& dy, const Tensor& x, const Tensor& rrms,
                                   const Tensor& weight) {
  require(x.dim() > 0 && dy.shape() == x.shape() && dy.dtype() == x.dtype(),
          "rms_norm_backward: expected dy like x (..., D), got ", dy.shape(), " of ", dy.dtype(),
          " and ", x.shape(), " of ", x.dtype());
  check_vector("rms_norm_backward", weight, x, "weight");
  const int64_t n = x.shape().back(), rows = rrms.numel();
  require(rows * n == x.numel(), "rms_norm_backward: rrms ", rrms.shape(), " does not fit x ",
          x.shape());
  const Tensor g = contiguous(dy), from = contiguous(x), r = contiguous(rrms);
  RmsNormGradients out{Tensor::allocate(x.shape(), x.dtype()), Tensor::allocate({n}, x.dtype())};
  dispatch_floating(x.dtype(), "rms_norm_backward", [&](auto t) {
    using T = decltype(t);
    const auto w = numbers<T>(weight, n, 1);
    const RmsBackward<T> kernel{g.data<T>(), from.data<T>(),          r.data<T>(),
                                w.data(),    out.x.mutable_data<T>(), n};
    Pieces pieces(rows, n, n);
    parallel_for(0, rows, pieces.grain, [&](int64_t begin, int64_t end) {
      double* sums = pieces.of_row(begin);
      simd::run([&kernel, begin, end, sums] { kernel.rows(begin, end, sums); });
    });
    pieces.add_up(0, n, out.weight.mutable_data<T>());
  });
  return out;
}

}  // namespace heed
