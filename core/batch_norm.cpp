#include "heed/core/batch_norm.h"

#include <algorithm>
#include <tuple>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/row_math.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

constexpr int64_t most_columns = 32;

/// Neighbouring channels [first, first + width) of x (N, C): taken together, so that memory is read
/// row by row. Sums run down the rows, one after the other.
struct Columns {
  int64_t rows, channels, first, width;

  /// f(i, j) of all elements i of the channel first + j, added up in double: out[j].
  template <class F>
  void sum(double* out, const F& f) const {
    std::fill_n(out, most_columns, 0.0);
    each([=](int64_t i, int64_t j) { out[j] += f(i, j); });
  }

  template <class F>
  void each(const F& f) const {
    for (int64_t n = 0; n < rows; ++n) {
      const int64_t start = n * channels + first;
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) f(start + j, j);
    }
  }
};

/// x (N, C, ...) as N blocks of C channels of `inner` elements.
struct Channels {
  int64_t blocks, channels, inner;

  explicit Channels(const Shape& x) : blocks(x[0]), channels(x[1]), inner(1) {
    for (int i = 2; i < x.size(); ++i) inner *= x[i];
  }
  int64_t count() const { return blocks * inner; }  // elements of a channel
  int64_t grain() const { return rows::rows_per_task(count()); }

  /// f(i) of all elements i of a channel, added up in double.
  template <class F>
  double sum(int64_t channel, const F& f) const {
    double total = 0;
    for (int64_t n = 0; n < blocks; ++n) {
      const int64_t start = (n * channels + channel) * inner;
      total += rows::sum(inner, [=](int64_t i) { return f(start + i); });
    }
    return total;
  }

  template <class F>
  void each(int64_t channel, const F& f) const {
    for (int64_t n = 0; n < blocks; ++n) {
      const int64_t start = (n * channels + channel) * inner;
#pragma GCC ivdep
      for (int64_t i = start; i < start + inner; ++i) f(i);
    }
  }

  /// fn(channel) for all channels, or fn(columns) where each element has its channel's
  /// neighbours beside it; in parallel and vectorised.
  template <class F>
  void for_each(const F& fn) const {
    if (inner == 1) return for_columns(fn);
    parallel_for(0, channels, grain(), [&](int64_t begin, int64_t end) {
      simd::run([begin, end, f = fn] {
        for (int64_t c = begin; c < end; ++c) f(c);
      });
    });
  }

  template <class F>
  void for_columns(const F& fn) const {
    const int64_t pieces = (channels + most_columns - 1) / most_columns;
    const int64_t of_task = rows::rows_per_task(blocks * most_columns);
    parallel_for(0, pieces, of_task, [&](int64_t begin, int64_t end) {
      simd::run([begin, end, x = *this, f = fn] {
        for (int64_t first = begin * most_columns; first < std::min(end * most_columns, x.channels);
             first += most_columns)
          f(Columns{x.blocks, x.channels, first, std::min(most_columns, x.channels - first)});
      });
    });
  }
};

void check_input(const Tensor& x) {
  require(x.dim() >= 2, "batch_norm: expected x (N, C, ...), got ", x.shape());
  require(Channels(x.shape()).count() != 1,
          "batch_norm: expected more than 1 value per channel when training, got x ", x.shape());
}

void check_vector(const Tensor& v, const Tensor& x, const char* name) {
  if (!v.defined()) return;
  require(v.shape() == Shape{x.size(1)}, "batch_norm: expected ", name, " (", x.size(1),
          ",) for x ", x.shape(), ", got ", v.shape());
  require(v.dtype() == x.dtype(), "batch_norm: dtypes differ: x ", x.dtype(), ", ", name, " ",
          v.dtype());
}

Tensor contiguous_or_none(const Tensor& v) { return v.defined() ? contiguous(v) : v; }

template <class T>
const T* data_or_null(const Tensor& v) {
  return v.defined() ? v.data<T>() : nullptr;
}

double squared(double x) { return x * x; }

template <class T>
struct Forward {
  Channels channels;
  const T *x, *weight, *bias;
  T *y, *means, *vars, *rstds;
  double eps;

  void operator()(int64_t c) const {
    const double n = double(channels.count());
    const double mean = channels.sum(c, [x = x](int64_t i) { return double(x[i]); }) / n;
    const double var =
        channels.sum(c, [x = x, mean](int64_t i) { return squared(double(x[i]) - mean); }) / n;
    const auto [scale, shift] = keep(c, mean, var);
    channels.each(c, [=, x = x, y = y, scale = scale, shift = shift](int64_t i) {
      y[i] = T((double(x[i]) - mean) * scale + shift);
    });
  }

  void operator()(const Columns& columns) const {
    const double n = double(channels.count());
    double mean[most_columns], var[most_columns], scale[most_columns], shift[most_columns];
    columns.sum(mean, [x = x](int64_t i, int64_t) { return double(x[i]); });
    for (double& value : mean) value /= n;
    const double* m = mean;
    columns.sum(var, [x = x, m](int64_t i, int64_t j) { return squared(double(x[i]) - m[j]); });
    for (int64_t j = 0; j < columns.width; ++j)
      std::tie(scale[j], shift[j]) = keep(columns.first + j, mean[j], var[j] / n);
    const double *a = scale, *b = shift;
    columns.each(
        [=, x = x, y = y](int64_t i, int64_t j) { y[i] = T((double(x[i]) - m[j]) * a[j] + b[j]); });
  }

  /// Writes a channel's statistics -> what its elements, less the mean, are multiplied with, and
  /// what is added.
  std::pair<double, double> keep(int64_t c, double mean, double var) const {
    const double rstd = 1 / math::sqrt(var + eps);
    means[c] = T(mean), vars[c] = T(var), rstds[c] = T(rstd);
    return {weight ? rstd * double(weight[c]) : rstd, bias ? double(bias[c]) : 0};
  }
};

template <class T>
struct Backward {
  Channels channels;
  const T *dy, *x, *means, *rstds, *weight;
  T *dx, *dweight, *dbias;

  void operator()(int64_t c) const {
    const double m = means[c], r = rstds[c], n = double(channels.count());
    const double sum = channels.sum(c, [g = dy](int64_t i) { return double(g[i]); });
    const double dot = channels.sum(
        c, [=, g = dy, x = x](int64_t i) { return double(g[i]) * ((double(x[i]) - m) * r); });
    const double scale = scale_of(c), mean = sum / n, slope = dot / n * r;
    channels.each(c, [=, g = dy, x = x, dx = dx](int64_t i) {
      dx[i] = T(scale * (double(g[i]) - mean - (double(x[i]) - m) * slope));
    });
    dweight[c] = T(dot), dbias[c] = T(sum);
  }

  void operator()(const Columns& columns) const {
    const double n = double(channels.count());
    double sum[most_columns], dot[most_columns], scale[most_columns], slope[most_columns];
    const T *m = means + columns.first, *r = rstds + columns.first;
    columns.sum(sum, [g = dy](int64_t i, int64_t) { return double(g[i]); });
    columns.sum(dot, [=, g = dy, x = x](int64_t i, int64_t j) {
      return double(g[i]) * ((double(x[i]) - double(m[j])) * double(r[j]));
    });
    for (int64_t j = 0; j < columns.width; ++j) {
      const int64_t c = columns.first + j;
      dweight[c] = T(dot[j]), dbias[c] = T(sum[j]);
      scale[j] = scale_of(c), slope[j] = dot[j] / n * double(r[j]), sum[j] /= n;
    }
    const double *a = scale, *mean = sum, *b = slope;
    columns.each([=, g = dy, x = x, dx = dx](int64_t i, int64_t j) {
      dx[i] = T(a[j] * (double(g[i]) - mean[j] - (double(x[i]) - double(m[j])) * b[j]));
    });
  }

  double scale_of(int64_t c) const {
    return weight ? double(rstds[c]) * double(weight[c]) : double(rstds[c]);
  }
};

}  // namespace

BatchNormResult batch_norm(const Tensor& given, const Tensor& given_weight,
                           const Tensor& given_bias, double eps) {
  check_input(given);
  check_vector(given_weight, given, "weight");
  check_vector(given_bias, given, "bias");
  const Tensor x = contiguous(given), weight = contiguous_or_none(given_weight);
  const Tensor bias = contiguous_or_none(given_bias);
  const Shape vector{x.size(1)};
  const BatchNormResult out{
      Tensor::allocate(x.shape(), x.dtype()), Tensor::allocate(vector, x.dtype()),
      Tensor::allocate(vector, x.dtype()), Tensor::allocate(vector, x.dtype())};
  dispatch_floating(x.dtype(), "batch_norm", [&](auto t) {
    using T = decltype(t);
    const Channels channels(x.shape());
    channels.for_each(Forward<T>{channels, x.data<T>(), data_or_null<T>(weight),
                                 data_or_null<T>(bias), out.y.mutable_data<T>(),
                                 out.mean.mutable_data<T>(), out.var.mutable_data<T>(),
                                 out.rstd.mutable_data<T>(), eps});
  });
  return out;
}

BatchNormGradients batch_norm_backward(const Tensor& given_dy, const Tensor& given_x,
                                       const Tensor& given_mean, const Tensor& given_rstd,
                                       const Tensor& given_weight) {
  check_input(given_x);
  require(given_dy.shape() == given_x.shape(), "batch_norm_backward: dy ", given_dy.shape(),
          " and x ", given_x.shape(), " must match");
  for (const Tensor& v : {given_mean, given_rstd, given_weight})
    check_vector(v, given_x, "statistics");
  const Tensor dy = contiguous(given_dy), x = contiguous(given_x), mean = contiguous(given_mean);
  const Tensor rstd = contiguous(given_rstd), weight = contiguous_or_none(given_weight);
  const Shape vector{x.size(1)};
  const BatchNormGradients out{Tensor::allocate(x.shape(), x.dtype()),
                               Tensor::allocate(vector, x.dtype()),
                               Tensor::allocate(vector, x.dtype())};
  dispatch_floating(x.dtype(), "batch_norm_backward", [&](auto t) {
    using T = decltype(t);
    const Channels channels(x.shape());
    channels.for_each(Backward<T>{channels, dy.data<T>(), x.data<T>(), mean.data<T>(),
                                  rstd.data<T>(), data_or_null<T>(weight), out.x.mutable_data<T>(),
                                  out.weight.mutable_data<T>(), out.bias.mutable_data<T>()});
  });
  return out;
}

}  // namespace heed
