#include "heed/core/conv.h"

#include <algorithm>
#include <vector>

#include "heed/core/conv_plan.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/gemm.h"
#include "heed/core/packed.h"
#include "heed/core/parallel.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

using detail::ConvPlan;
using detail::Plane;

constexpr int64_t tile_elements = 32768;    // of a tile's windows: 128 KiB of f32
constexpr int64_t task_elements = 1 << 20;  // multiply-adds of a task: about 15 us
constexpr int64_t most_tasks = 16;          // of a gradient's sums

constexpr int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Windows in a tile, a multiple of 32 or all of them, for columns of `rows` elements.
int64_t tile_size(const Plane& plane, int64_t rows) {
  const int64_t fit = tile_elements / rows / 32 * 32;
  return std::min(plane.out(), std::max<int64_t>(32, fit));
}

/// Walks the windows [begin, end) of some channels by stretches that lie in one output row: tap
/// after tap, fn(channel, column offset, image offset, before, inside, after) for `before` windows
/// with that tap in the padding, `inside` windows that read the image from the offset on in steps
/// of the stride, and `after` windows in the padding again.
template <class F>
void for_each_stretch(const Plane& plane, int64_t channels, int64_t begin, int64_t end,
                      const F& fn) {
  const auto &rows = plane.rows, &columns = plane.columns;
  int64_t offset = 0;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t i = 0; i < rows.kernel; ++i)
      for (int64_t j = 0; j < columns.kernel; ++j) {
        const int64_t first = columns.first(j), last = std::max(first, columns.last(j));
        for (int64_t p = begin; p < end;) {
          const int64_t y = p / columns.out, x = p % columns.out;
          const int64_t stop = std::min(columns.out, x + end - p), row = rows.place(y, i);
          const bool there = row >= 0 && row < rows.in;
          const int64_t low = there ? std::clamp(first, x, stop) : stop;
          const int64_t high = there ? std::clamp(last, low, stop) : stop;
          fn(offset, (c * rows.in + row) * columns.in + columns.place(low, j), low - x, high - low,
             stop - high);
          offset += stop - x;
          p += stop - x;
        }
      }
}

/// to (channels * taps, end - begin) = the windows of an image's channels, one a column.
template <class T>
void unfold(const Plane& plane, const T* image, int64_t channels, int64_t begin, int64_t end,
            T* to) {
  const int64_t step = plane.columns.stride;
  for_each_stretch(plane, channels, begin, end,
                   [=](int64_t at, int64_t from, int64_t before, int64_t inside, int64_t after) {
                     T* out = std::fill_n(to + at, before, T(0));
                     if (step == 1)
                       out = std::copy_n(image + from, inside, out);
                     else
                       for (int64_t i = 0; i < inside; ++i) *out++ = image[from + i * step];
                     std::fill_n(out, after, T(0));
                   });
}

/// Adds windows to the places of the image that they were read from.
template <class T>
void fold(const Plane& plane, const T* from, int64_t channels, int64_t begin, int64_t end,
          T* image) {
  const int64_t step = plane.columns.stride;
  for_each_stretch(plane, channels, begin, end,
                   [=](int64_t at, int64_t to, int64_t before, int64_t inside, int64_t) {
                     const T* in = from + at + before;
                     for (int64_t i = 0; i < inside; ++i) image[to + i * step] += in[i];
                   });
}

/// C += A B on this thread.
template <class T>
void add_product(int64_t m, int64_t n, int64_t k, MatrixView<T> a, MatrixView<T> b, T* c,
                 int64_t ldc) {
  if constexpr (std::is_same_v<T, float>)
    if (prefers_packed(m, n, k)) return PackedMatrix<T>(k, n, b).multiply_add(m, a, c, ldc);
  gemm_serial<T>(m, n, k, a, b, c, ldc, true);
}

/// y of some windows of one image and group: bias + weight times the unfolded windows.
template <class T>
void forward_tile(const ConvPlan& plan, const T* image, const T* weight, const T* bias,
                  int64_t begin, int64_t end, T* y) {
  const int64_t taps = plan.taps(), out = plan.plane.out(), count = end - begin;
  const Tensor scratch = Tensor::allocate({taps, count}, dtype_of<T>);
  T* columns = scratch.mutable_data<T>();
  unfold(plan.plane, image, plan.in_channels, begin, end, columns);
  for (int64_t o = 0; o < plan.out_channels; ++o)
    std::fill_n(y + o * out + begin, count, bias ? bias[o] : T(0));
  add_product<T>(plan.out_channels, count, taps, {weight, taps}, {columns, count}, y + begin, out);
}

template <class T>
void forward(const ConvPlan& plan, const T* x, const T* weight, const T* bias, T* y) {
  const int64_t outs = plan.out_channels, out = plan.plane.out(), taps = plan.taps();
  const int64_t tile = tile_size(plan.plane, taps), tiles = ceil_divide(out, tile);
  const int64_t grain = std::max<int64_t>(1, task_elements / (tile * taps * outs));
  parallel_for(0, plan.images * plan.groups * tiles, grain, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) {
      const int64_t block = task / tiles, begin = task % tiles * tile, g = block % plan.groups;
      forward_tile(plan, x + block * plan.in_channels * plan.plane.in(), weight + g * outs * taps,
                   bias ? bias + g * outs : nullptr, begin, std::min(out, begin + tile),
                   y + block * outs * out);
    }
  });
}

/// dx of some channels of one image and group. weight is transposed: (taps of them, O / groups).
template <class T>
void input_gradient_block(const ConvPlan& plan, const T* dy, const T* weight, int64_t channels,
                          T* dx) {
  const int64_t taps = channels * plan.plane.taps(), outs = plan.out_channels;
  const int64_t out = plan.plane.out(), tile = tile_size(plan.plane, std::max(taps, outs));
  const Tensor scratch = Tensor::allocate({taps, tile}, dtype_of<T>);
  T* columns = scratch.mutable_data<T>();
  std::fill_n(dx, channels * plan.plane.in(), T(0));
  for (int64_t begin = 0; begin < out; begin += tile) {
    const int64_t end = std::min(out, begin + tile), count = end - begin;
    std::fill_n(columns, taps * count, T(0));
    add_product<T>(taps, count, outs, {weight, outs}, {dy + begin, out}, columns, count);
    fold(plan.plane, columns, channels, begin, end, dx);
  }
}

/// Channels in a block, so that `tasks` equal tasks become about most_tasks.
int64_t channel_block(const ConvPlan& plan, int64_t tasks) {
  const int64_t blocks =
      std::min(plan.in_channels, ceil_divide(most_tasks, std::max<int64_t>(1, tasks)));
  const int64_t small = std::max<int64_t>(1, 512 / plan.plane.taps());  // a tile is not too narrow
  return std::min(small, ceil_divide(plan.in_channels, blocks));
}

template <class T>
void input_gradient(const ConvPlan& plan, const T* dy, const T* weight, T* dx) {
  const int64_t size = channel_block(plan, plan.images * plan.groups);
  const int64_t blocks = ceil_divide(plan.in_channels, size);
  parallel_for(0, plan.images * plan.groups * blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) {
      const int64_t block = task / blocks, c = task % blocks * size, g = block % plan.groups;
      const int64_t channels = std::min(size, plan.in_channels - c);
      input_gradient_block(plan, dy + block * plan.out_channels * plan.plane.out(),
                           weight + (g * plan.taps() + c * plan.plane.taps()) * plan.out_channels,
                           channels, dx + (block * plan.in_channels + c) * plan.plane.in());
    }
  });
}

/// Adds the share of one image, group and block of channels to dw, whose rows are plan.taps()
/// apart.
template <class T>
void weight_gradient_block(const ConvPlan& plan, const T* dy, const T* image, int64_t channels,
                           T* dw) {
  const int64_t taps = channels * plan.plane.taps(), out = plan.plane.out();
  const int64_t tile = tile_size(plan.plane, taps);
  const Tensor scratch = Tensor::allocate({taps, tile}, dtype_of<T>);
  T* columns = scratch.mutable_data<T>();
  for (int64_t begin = 0; begin < out; begin += tile) {
    const int64_t end = std::min(out, begin + tile), count = end - begin;
    unfold(plan.plane, image, channels, begin, end, columns);
    add_product<T>(plan.out_channels, taps, count, {dy + begin, out}, {columns, count, true}, dw,
                   plan.taps());
  }
}

/// partial (pieces, groups, O / groups, taps): each piece sums over some of the images.
template <class T>
void weight_gradient(const ConvPlan& plan, const T* dy, const T* x, int64_t pieces, T* partial) {
  const int64_t outs = plan.out_channels, weights = outs * plan.taps();
  const int64_t size = channel_block(plan, plan.groups * pieces);
  const int64_t blocks = ceil_divide(plan.in_channels, size);
  const int64_t images = ceil_divide(plan.images, pieces);
  parallel_for(0, pieces * plan.groups * blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) {
      const int64_t c = task % blocks * size, g = task / blocks % plan.groups;
      const int64_t piece = task / blocks / plan.groups;
      T* dw = partial + (piece * plan.groups + g) * weights + c * plan.plane.taps();
      for (int64_t n = piece * images; n < std::min(plan.images, (piece + 1) * images); ++n) {
        const int64_t block = n * plan.groups + g;
        weight_gradient_block(plan, dy + block * outs * plan.plane.out(),
                              x + (block * plan.in_channels + c) * plan.plane.in(),
                              std::min(size, plan.in_channels - c), dw);
      }
    }
  });
}

const char* name_of(const Shape& x) { return x.size() == 3 ? "conv1d" : "conv2d"; }

void check_dtypes(const char* op, const Tensor& a, const Tensor& b, const char* names) {
  require(a.dtype() == b.dtype(), op, ": dtypes differ: ", names, ": ", a.dtype(), " and ",
          b.dtype());
}

void check_output(const ConvPlan& plan, const Tensor& dy, const Shape& x) {
  require(dy.shape() == plan.output, name_of(x), ": expected dy ", plan.output, ", got ",
          dy.shape());
}

Tensor conv(const char* op, int spatial, const Tensor& given_x, const Tensor& given_weight,
            const Tensor& given_bias, const ConvOptions& options) {
  require(given_x.dim() == spatial + 2, op, ": expected x ",
          spatial == 1 ? "(N, C, L)" : "(N, C, H, W)", ", got ", given_x.shape());
  const ConvPlan plan = detail::make_conv_plan(given_x.shape(), given_weight.shape(), options);
  check_dtypes(op, given_x, given_weight, "x and weight");
  if (given_bias.defined()) {
    require(given_bias.shape() == Shape{plan.output[1]}, op, ": expected a bias (", plan.output[1],
            ",), got ", given_bias.shape());
    check_dtypes(op, given_x, given_bias, "x and bias");
  }
  const Tensor x = contiguous(given_x), weight = contiguous(given_weight);
  const Tensor bias = given_bias.defined() ? contiguous(given_bias) : Tensor();
  const Tensor y = Tensor::allocate(plan.output, x.dtype());
  dispatch_floating(x.dtype(), op, [&](auto t) {
    using T = decltype(t);
    forward<T>(plan, x.data<T>(), weight.data<T>(), bias.defined() ? bias.data<T>() : nullptr,
               y.mutable_data<T>());
  });
  return y;
}

}  // namespace

detail::ConvPlan detail::make_conv_plan(const Shape& x, const Shape& weight,
                                        const ConvOptions& options) {
  const char* op = name_of(x);
  require(weight.size() == x.size(), op, ": expected a weight of ", x.size(), " dimensions for x ",
          x, ", got ", weight);
  const int64_t groups = options.groups, channels = x[1], outs = weight[0];
  require(groups >= 1 && channels % groups == 0 && outs % groups == 0, op, ": groups must divide ",
          channels, " channels of x and ", outs, " of weight, got ", groups);
  require(outs >= 1 && weight[1] >= 1 && weight[1] == channels / groups, op, ": x ", x, " has ",
          channels, " channels at dimension 1, but the weight ", weight, " takes ", weight[1],
          " in ", groups, groups == 1 ? " group" : " groups");
  Dims kernel;
  for (int i = 2; i < weight.size(); ++i) kernel.push_back(weight[i]);
  const Plane plane =
      make_plane(op, x, kernel, {options.stride, options.padding, options.dilation});
  Shape output{x[0], outs};
  if (kernel.size() == 2) output.push_back(plane.rows.out);
  output.push_back(plane.columns.out);
  return {plane, x[0], groups, channels / groups, outs / groups, output};
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const ConvOptions& options) {
  return conv("conv1d", 1, x, weight, bias, options);
}

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const ConvOptions& options) {
  return conv("conv2d", 2, x, weight, bias, options);
}

Tensor conv_input_gradient(const Tensor& given_dy, const Tensor& weight, const Shape& x,
                           const ConvOptions& options) {
  const ConvPlan plan = detail::make_conv_plan(x, weight.shape(), options);
  check_output(plan, given_dy, x);
  check_dtypes(name_of(x), given_dy, weight, "dy and weight");
  const Tensor dy = contiguous(given_dy), dx = Tensor::allocate(x, dy.dtype());
  const Tensor matrices =
      reshape(contiguous(weight), {plan.groups, plan.out_channels, plan.taps()});
  const Tensor turned = contiguous(transpose(matrices, 1, 2));  // (groups, taps, O / groups)
  dispatch_floating(dy.dtype(), name_of(x), [&](auto t) {
    using T = decltype(t);
    input_gradient<T>(plan, dy.data<T>(), turned.data<T>(), dx.mutable_data<T>());
  });
  return dx;
}

Tensor conv_weight_gradient(const Tensor& given_dy, const Tensor& given_x, const Shape& weight,
                            const ConvOptions& options) {
  const ConvPlan plan = detail::make_conv_plan(given_x.shape(), weight, options);
  check_output(plan, given_dy, given_x.shape());
  const char* op = name_of(given_x.shape());
  check_dtypes(op, given_dy, given_x, "dy and x");
  const int64_t wide = plan.groups * std::min<int64_t>(4, plan.in_channels);
  const int64_t pieces =
      std::clamp<int64_t>(ceil_divide(most_tasks, wide), 1, std::max<int64_t>(1, plan.images));
  const Tensor dy = contiguous(given_dy), x = contiguous(given_x);
  const Tensor partial =
      zeros({pieces, plan.groups * plan.out_channels, plan.taps()}, {.dtype = dy.dtype()});
  dispatch_floating(dy.dtype(), op, [&](auto t) {
    using T = decltype(t);
    weight_gradient<T>(plan, dy.data<T>(), x.data<T>(), pieces, partial.mutable_data<T>());
  });
  return reshape(sum(partial, {0}), weight);
}

}  // namespace heed
