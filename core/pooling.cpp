#include "heed/core/pooling.h"

#include <algorithm>
#include <limits>

#include "heed/core/convert.h"
#include "heed/core/index.h"
#include "heed/core/parallel.h"
#include "heed/core/pooling_plan.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

using detail::Plane;
using detail::PoolPlan;

/// Planes in a task of about 20 us.
int64_t plane_grain(const Plane& plane) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, plane.out() * plane.taps()));
}

/// The elements [top, bottom) x [left, right) of one window.
struct Box {
  int64_t top, bottom, left, right;
};

Box box(const Plane& plane, int64_t y, int64_t x) {
  const auto &rows = plane.rows, &columns = plane.columns;
  const int64_t top = rows.place(y, 0), left = columns.place(x, 0);
  return {std::max<int64_t>(top, 0), std::min(rows.in, top + rows.kernel),
          std::max<int64_t>(left, 0), std::min(columns.in, left + columns.kernel)};
}

/// fn(window, its box) for all windows of a plane.
template <class F>
void for_each_window(const Plane& plane, const F& fn) {
  for (int64_t y = 0; y < plane.rows.out; ++y)
    for (int64_t x = 0; x < plane.columns.out; ++x) fn(y * plane.columns.out + x, box(plane, y, x));
}

/// One row of windows, tap by tap: neighbouring windows lie in the lanes of vectors. known_stride
/// is the stride of the columns, or 0.
template <int known_stride, class T>
void max_row(const Plane& plane, int64_t y, const T* x, T* __restrict values,
             int64_t* __restrict indices) {
  const detail::Windows columns = plane.columns;
  const int64_t stride = known_stride > 0 ? known_stride : columns.stride;
  const int64_t begin = plane.rows.place(y, 0), top = std::max<int64_t>(begin, 0);
  const int64_t bottom = std::min(plane.rows.in, begin + plane.rows.kernel);
  for (int64_t o = 0; o < columns.out; ++o) {
    indices[o] = top * columns.in + std::max<int64_t>(columns.place(o, 0), 0);
    values[o] = x[indices[o]];
  }
  for (int64_t i = top; i < bottom; ++i)
    for (int64_t k = 0; k < columns.kernel; ++k) {
      const int64_t start = i * columns.in + columns.place(0, k), last = columns.last(k);
#pragma GCC ivdep
      for (int64_t o = columns.first(k); o < last; ++o) {
        const int64_t at = start + o * stride;
        const T value = x[at], best = values[o];
        const bool more = (value > best) | ((value != value) & (best == best));
        values[o] = more ? value : best;
        indices[o] = more ? at : indices[o];
      }
    }
}

template <int known_stride, class T>
void max_planes(const Plane& plane, int64_t planes, const T* x, T* values, int64_t* indices) {
  simd::run([=] {
    for (int64_t p = 0; p < planes; ++p)
      for (int64_t y = 0; y < plane.rows.out; ++y) {
        const int64_t row = p * plane.out() + y * plane.columns.out;
        max_row<known_stride>(plane, y, x + p * plane.in(), values + row, indices + row);
      }
  });
}

/// What a mean divides by: all taps, or those that are not in the padding.
double divisor(const Plane& plane, const Box& box, bool count_include_pad) {
  if (count_include_pad) return double(plane.taps());
  return double((box.bottom - box.top) * (box.right - box.left));
}

template <class T>
void mean_plane(const Plane& plane, bool count_include_pad, const T* x, T* means) {
  const int64_t width = plane.columns.in;
  for_each_window(plane, [=, &plane](int64_t window, const Box& box) {
    double sum = 0;
    for (int64_t i = box.top; i < box.bottom; ++i)
      for (int64_t j = box.left; j < box.right; ++j) sum += double(x[i * width + j]);
    means[window] = T(sum / divisor(plane, box, count_include_pad));
  });
}

template <class T>
void mean_plane_backward(const Plane& plane, bool count_include_pad, const T* dy, T* dx) {
  const int64_t width = plane.columns.in;
  std::fill_n(dx, plane.in(), T(0));
  for_each_window(plane, [=, &plane](int64_t window, const Box& box) {
    const T share = T(double(dy[window]) / divisor(plane, box, count_include_pad));
    for (int64_t i = box.top; i < box.bottom; ++i)
      for (int64_t j = box.left; j < box.right; ++j) dx[i * width + j] += share;
  });
}

MaxPoolResult max_pool(const char* op, const Tensor& given, int spatial, const Dims& kernel,
                       const PoolOptions& options) {
  const PoolPlan plan = detail::make_pool_plan(op, given.shape(), spatial, kernel, options);
  const Tensor x = contiguous(given);
  MaxPoolResult out{Tensor::allocate(plan.output, x.dtype()), Tensor::allocate(plan.output, i64)};
  dispatch_floating(x.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const T* from = x.data<T>();
    T* values = out.values.mutable_data<T>();
    int64_t* indices = out.indices.mutable_data<int64_t>();
    const Plane& plane = plan.plane;
    const int64_t planes = out.values.numel() / plane.out();
    parallel_for(0, planes, plane_grain(plane), [&](int64_t begin, int64_t end) {
      const int64_t in = begin * plane.in(), out = begin * plane.out();
      const auto run = plane.columns.stride == 2   ? max_planes<2, T>
                       : plane.columns.stride == 1 ? max_planes<1, T>
                                                   : max_planes<0, T>;
      run(plane, end - begin, from + in, values + out, indices + out);
    });
  });
  return out;
}

Tensor avg_pool(const char* op, const Tensor& given, int spatial, const Dims& kernel,
                const AvgPoolOptions& options) {
  const PoolPlan plan =
      detail::make_pool_plan(op, given.shape(), spatial, kernel, {options.stride, options.padding});
  const Tensor x = contiguous(given), y = Tensor::allocate(plan.output, x.dtype());
  dispatch_floating(x.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const T* from = x.data<T>();
    T* to = y.mutable_data<T>();
    const Plane& plane = plan.plane;
    parallel_for(0, y.numel() / plane.out(), plane_grain(plane), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p)
        mean_plane(plane, options.count_include_pad, from + p * plane.in(), to + p * plane.out());
    });
  });
  return y;
}

}  // namespace

detail::PoolPlan detail::make_pool_plan(const char* op, const Shape& x, int spatial,
                                        const Dims& kernel, const PoolOptions& options) {
  require(x.size() >= spatial, op, ": expected x ", spatial == 1 ? "(..., L)" : "(..., H, W)",
          ", got ", x);
  require(kernel.size() == 1 || kernel.size() == spatial, op, ": expected one kernel size or ",
          spatial, ", got ", kernel);
  const Dims sizes = kernel.size() == spatial ? kernel : Dims::filled(spatial, kernel[0]);
  const Dims stride = options.stride.empty() ? sizes : options.stride;
  const Plane plane = make_plane(op, x, sizes, {stride, options.padding, 1});
  for (const Windows& w : {plane.rows, plane.columns})
    require(2 * w.padding <= w.kernel && w.in >= 1, op,
            ": padding must be at most half the kernel ", sizes, ", got ", options.padding,
            " for x ", x);
  Shape output = x;
  output[x.size() - 1] = plane.columns.out;
  if (spatial == 2) output[x.size() - 2] = plane.rows.out;
  return {plane, spatial, output};
}

MaxPoolResult max_pool1d(const Tensor& x, const Dims& kernel, const PoolOptions& options) {
  return max_pool("max_pool1d", x, 1, kernel, options);
}

MaxPoolResult max_pool2d(const Tensor& x, const Dims& kernel, const PoolOptions& options) {
  return max_pool("max_pool2d", x, 2, kernel, options);
}

Tensor max_pool_backward(const Tensor& given_dy, const Tensor& given_indices, const Shape& x,
                         int spatial) {
  const Shape& y = given_dy.shape();
  const int leading = x.size() - spatial;
  const auto fits = [&](int i) { return i < leading ? y[i] == x[i] : x[i] >= 1; };
  bool fit = spatial >= 1 && leading >= 0 && y == given_indices.shape() && y.size() == x.size();
  for (int i = 0; fit && i < x.size(); ++i) fit = fits(i);
  require(fit, "max_pool_backward: dy ", y, ", indices ", given_indices.shape(), " and x ", x,
          " do not fit");
  int64_t in = 1, out = 1;  // elements of a plane
  for (int i = leading; i < x.size(); ++i) in *= x[i], out *= y[i];
  detail::check_indices(given_indices, in, "max_pool_backward");
  const Tensor dy = contiguous(given_dy), indices = contiguous(given_indices);
  const Tensor dx = Tensor::allocate(x, dy.dtype());
  dispatch_floating(dy.dtype(), "max_pool_backward", [&](auto t) {
    using T = decltype(t);
    const T* from = dy.data<T>();
    const int64_t* places = indices.data<int64_t>();
    T* to = dx.mutable_data<T>();
    const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, in));
    parallel_for(0, dx.numel() / in, grain, [&](int64_t begin, int64_t end) {
      std::fill(to + begin * in, to + end * in, T(0));
      for (int64_t p = begin; p < end; ++p)
        for (int64_t i = p * out; i < (p + 1) * out; ++i) to[p * in + places[i]] += from[i];
    });
  });
  return dx;
}

Tensor avg_pool1d(const Tensor& x, const Dims& kernel, const AvgPoolOptions& options) {
  return avg_pool("avg_pool1d", x, 1, kernel, options);
}

Tensor avg_pool2d(const Tensor& x, const Dims& kernel, const AvgPoolOptions& options) {
  return avg_pool("avg_pool2d", x, 2, kernel, options);
}

Tensor avg_pool_backward(const Tensor& given_dy, const Shape& x, int spatial, const Dims& kernel,
                         const AvgPoolOptions& options) {
  const char* op = spatial == 1 ? "avg_pool1d" : "avg_pool2d";
  const PoolPlan plan =
      detail::make_pool_plan(op, x, spatial, kernel, {options.stride, options.padding});
  require(given_dy.shape() == plan.output, op, ": expected dy ", plan.output, ", got ",
          given_dy.shape());
  const Tensor dy = contiguous(given_dy), dx = Tensor::allocate(x, dy.dtype());
  dispatch_floating(dy.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const T* from = dy.data<T>();
    T* to = dx.mutable_data<T>();
    const Plane& plane = plan.plane;
    parallel_for(0, dx.numel() / plane.in(), plane_grain(plane), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p)
        mean_plane_backward(plane, options.count_include_pad, from + p * plane.out(),
                            to + p * plane.in());
    });
  });
  return dx;
}

}  // namespace heed
