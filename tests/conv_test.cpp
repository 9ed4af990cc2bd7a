#include "heed/core/conv.h"

#include <cmath>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// Sizes of one convolution; conv1d is the same over planes of one row.
struct Case {
  int64_t n, c, h, w, o, kh, kw;
  Dims stride = {1, 1}, padding = {0, 0}, dilation = {1, 1};
  int64_t groups = 1;

  ConvOptions options() const { return {stride, padding, dilation, groups}; }
};

/// Plain loops over the formula of conv.h: calls fn(y, weight, x) with the elements of each
/// product.
template <class F>
void for_each_product(const Case& k, int64_t out_h, int64_t out_w, const F& fn) {
  const int64_t in = k.c / k.groups, out = k.o / k.groups;
  for (int64_t n = 0; n < k.n; ++n)
    for (int64_t o = 0; o < k.o; ++o)
      for (int64_t y = 0; y < out_h; ++y)
        for (int64_t x = 0; x < out_w; ++x)
          for (int64_t c = 0; c < in; ++c)
            for (int64_t i = 0; i < k.kh; ++i)
              for (int64_t j = 0; j < k.kw; ++j) {
                const int64_t row = y * k.stride[0] - k.padding[0] + i * k.dilation[0];
                const int64_t column = x * k.stride[1] - k.padding[1] + j * k.dilation[1];
                if (row < 0 || row >= k.h || column < 0 || column >= k.w) continue;
                fn(size_t(((n * k.o + o) * out_h + y) * out_w + x),
                   size_t(((o * in + c) * k.kh + i) * k.kw + j),
                   size_t(((n * k.c + o / out * in + c) * k.h + row) * k.w + column));
              }
}

void check_close(const Tensor& got, const Values& want, double bar) {
  CAPTURE(text(got.shape()), largest(want));
  CHECK(distance(values(got), want) <= bar * std::max(1.0, largest(want)));
}

void check_conv(const Case& k, DType dtype) {
  CAPTURE(k.n, k.c, k.h, k.w, k.o, k.kh, k.kw, text(k.stride), text(k.padding), text(k.dilation),
          k.groups, text(dtype));
  const double bar = dtype == heed::f64 ? 1e-13 : 2e-6;
  const Shape weight_shape{k.o, k.c / k.groups, k.kh, k.kw};
  const Tensor x = reversed_layout(randn({k.n, k.c, k.h, k.w}, {.dtype = dtype}));
  const Tensor weight = reversed_layout(randn(weight_shape, {.dtype = dtype}));
  const Tensor bias = randn({k.o}, {.dtype = dtype});
  const Tensor y = conv2d(x, weight, bias, k.options());
  const Tensor dy = randn(y.shape(), {.dtype = dtype});
  const Values xs = values(x), ws = values(weight), bs = values(bias), gs = values(dy);
  Values ys(size_t(y.numel())), dx(xs.size()), dw(ws.size());
  const size_t plane = size_t(y.size(2) * y.size(3));
  for (size_t i = 0; i < ys.size(); ++i) ys[i] = bs[i / plane % size_t(k.o)];
  for_each_product(k, y.size(2), y.size(3), [&](size_t out, size_t w, size_t in) {
    ys[out] += ws[w] * xs[in];
    dx[in] += ws[w] * gs[out];
    dw[w] += xs[in] * gs[out];
  });
  check_close(y, ys, bar);
  check_close(conv_input_gradient(dy, weight, x.shape(), k.options()), dx, bar);
  check_close(conv_weight_gradient(dy, x, weight_shape, k.options()), dw, bar);
}

}  // namespace

TEST_CASE("conv2d and its gradients follow the formula") {
  const Case cases[] = {
      {2, 3, 5, 6, 4, 3, 2},
      {3, 1, 28, 28, 32, 4, 4, {4, 4}},                  // patches
      {1, 40, 9, 11, 30, 3, 3, {1, 1}, {1, 1}},          // several blocks of channels
      {2, 4, 7, 6, 6, 3, 3, {2, 3}, {2, 1}, {1, 1}, 2},  // groups
      {2, 3, 8, 9, 2, 3, 2, {1, 2}, {0, 4}, {3, 5}},     // dilation, windows in the padding
      {1, 6, 4, 4, 6, 3, 3, {1, 1}, {1, 1}, {1, 1}, 6},  // one channel a group
      {1, 2, 40, 60, 5, 5, 5, {1, 1}, {2, 2}},           // several tiles
      {2, 70, 3, 3, 3, 3, 3},                            // one window, many channels
      {5, 2, 1, 1, 3, 1, 1},
      {1, 1, 3, 3, 1, 2, 2, {5, 5}},  // one window, elements left over
  };
  for (const Case& k : cases)
    for (const DType dtype : {heed::f32, heed::f64}) check_conv(k, dtype);
}

TEST_CASE("conv1d is conv2d over planes of one row") {
  const Tensor x = randn({2, 4, 9}), weight = randn({6, 2, 3}), bias = randn({6});
  const auto row = [](const Tensor& v) { return unsqueeze(v, 2); };
  const Tensor y = conv1d(x, weight, bias, {.stride = 2, .padding = 1, .groups = 2});
  const Tensor z =
      conv2d(row(x), row(weight), bias, {.stride = {1, 2}, .padding = {0, 1}, .groups = 2});
  CHECK(y.shape() == Shape{2, 6, 5});
  CHECK(equal(row(y), z));
}

TEST_CASE("convolutions of nothing") {
  CHECK(conv1d(zeros({0, 2, 5}), zeros({3, 2, 2})).shape() == Shape{0, 3, 4});
  const Tensor dw = conv_weight_gradient(zeros({0, 3, 4}), zeros({0, 2, 5}), {3, 2, 2}, {});
  CHECK(values(dw) == Values(12, 0));
  const Tensor padding = conv1d(zeros({1, 2, 0}), ones({3, 2, 2}), ones({3}), {.padding = 1});
  CHECK(values(padding) == Values(3, 1));
}

TEST_CASE("NaN reaches the windows that read it and no other") {
  const Tensor x = zeros({1, 1, 6});
  x[0][0][2].fill_(NAN);
  const Values y = values(conv1d(x, ones({1, 1, 2})));
  for (size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i == 1 || i == 2));
}

TEST_CASE("convolutions give the same bits for any number of threads") {
  const Tensor x = randn({20, 3, 17, 16}), weight = randn({40, 3, 3, 3});
  const ConvOptions options{.stride = 2, .padding = 1};
  const Tensor y = conv2d(x, weight, {}, options);
  check_threads([&] { return conv2d(x, weight, {}, options); });
  check_threads([&] { return conv_input_gradient(y, weight, x.shape(), options); });
  check_threads([&] { return conv_weight_gradient(y, x, weight.shape(), options); });
}

TEST_CASE("convolutions say what is wrong") {
  const Tensor x = zeros({2, 4, 5, 5}), weight = zeros({6, 4, 3, 3});
  check_error([&] { conv2d(x[0], weight); }, "conv2d: expected x (N, C, H, W), got (4, 5, 5)");
  check_error([&] { conv1d(x, weight); }, "conv1d: expected x (N, C, L), got (2, 4, 5, 5)");
  check_error([&] { conv2d(x, weight[0]); }, "conv2d: expected a weight of 4 dimensions");
  check_error(
      [&] {
        conv2d(x, zeros({6, 3, 3, 3}));
      },
      "conv2d: x (2, 4, 5, 5) has 4 channels at dimension 1, but the weight (6, 3, 3");
  check_error([&] { conv2d(x, weight, {}, {.groups = 2}); }, "(6, 4, 3, 3) takes 4 in 2 groups");
  check_error(
      [] {
        conv2d(zeros({2, 32, 32, 3}), zeros({8, 3, 3, 3}));  // channels last
      },
      "conv2d: x (2, 32, 32, 3) has 32 channels at dimension 1, but the weight (8, 3, 3, 3) takes "
      "3 in 1 group");
  check_error([&] { conv2d(x, weight, {}, {.groups = 3}); },
              "conv2d: groups must divide 4 channels of x and 6 of weight, got 3");
  check_error([&] { conv2d(x, weight, {}, {.groups = 0}); }, "groups must divide");
  check_error([&] { conv2d(x, weight, zeros({4})); }, "conv2d: expected a bias (6,), got (4,)");
  check_error([&] { conv2d(x, weight, {}, {.stride = 0}); }, "conv2d: stride must be at least 1");
  check_error(
      [&] {
        conv2d(x, weight, {}, {.padding = {1, -1}});
      },
      "conv2d: padding must be at least 0, got (1, -1)");
  check_error([&] { conv2d(x, weight, {}, {.dilation = int64_t{1} << 40}); }, "conv2d: dilation");
  check_error(
      [&] {
        conv2d(x, weight, {}, {.stride = {1, 1, 1}});
      },
      "conv2d: expected one stride or 2, got (1, 1, 1)");
  check_error([&] { conv2d(x, weight, {}, {.dilation = 3}); },
              "conv2d: the kernel spans 7 elements of 5 (with padding) in x (2, 4, 5, 5)");
  check_error([&] { conv2d(x, to(weight, heed::f64)); }, "conv2d: dtypes differ: x and weight");
  check_error([&] { conv2d(to(x, i64), to(weight, i64)); }, "conv2d: expected a floating dtype");
  check_error([&] { conv_input_gradient(x, weight, x.shape(), {}); },
              "conv2d: expected dy (2, 6, 3, 3), got (2, 4, 5, 5)");
  check_error([&] { conv_weight_gradient(x, x, weight.shape(), {}); }, "conv2d: expected dy");
}
