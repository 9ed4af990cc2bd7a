#include "heed/core/batch_norm.h"

#include <algorithm>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/row_math.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

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
    if (inner == 1)  // rows of channels: the elements of one lie C apart
      return rows::sum(blocks, [=, this](int64_t n) { return f(n * channels + channel); });
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

  /// fn(channel) for all channels, in parallel and vectorised.
  template <class F>
  void for_each(const F& fn) const {
    parallel_for(0, channels, grain(), [&](int64_t begin, int64_t end) {
      simd::run([begin, end, f = fn] {
        for (int64_t c = begin; c < end; ++c) f(c);
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
    const T *from = x.data<T>(), *w = data_or_null<T>(weight), *b = data_or_null<T>(bias);
    T *y = out.y.mutable_data<T>(), *means = out.mean.mutable_data<T>();
    T *vars = out.var.mutable_data<T>(), *rstds = out.rstd.mutable_data<T>();
    channels.for_each([=](int64_t c) {
      const double n = double(channels.count());
      const double mean = channels.sum(c, [=](int64_t i) { return double(from[i]); }) / n;
      const double var = channels.sum(c, [=](int64_t i) {
        const double distance = double(from[i]) - mean;
        return distance * distance;
      }) / n;
      const double rstd = 1 / math::sqrt(var + eps);
      const double scale = w ? rstd * double(w[c]) : rstd, shift = b ? double(b[c]) : 0;
      channels.each(c, [=](int64_t i) { y[i] = T((double(from[i]) - mean) * scale + shift); });
      means[c] = T(mean), vars[c] = T(var), rstds[c] = T(rstd);
    });
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
    const T *g = dy.data<T>(), *from = x.data<T>(), *w = data_or_null<T>(weight);
    const T *means = mean.data<T>(), *rstds = rstd.data<T>();
    T *dx = out.x.mutable_data<T>(), *dw = out.weight.mutable_data<T>();
    T* db = out.bias.mutable_data<T>();
    channels.for_each([=](int64_t c) {
      const double m = means[c], r = rstds[c], n = double(channels.count());
      const double sum = channels.sum(c, [=](int64_t i) { return double(g[i]); });
      const double dot =
          channels.sum(c, [=](int64_t i) { return double(g[i]) * ((double(from[i]) - m) * r); });
      const double scale = w ? r * double(w[c]) : r, mean_g = sum / n, slope = dot / n * r;
      channels.each(c, [=](int64_t i) {
        dx[i] = T(scale * (double(g[i]) - mean_g - (double(from[i]) - m) * slope));
      });
      dw[c] = T(dot), db[c] = T(sum);
    });
  });
  return out;
}

}  // namespace heed
