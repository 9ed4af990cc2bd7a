#include "heed/core/pooling.h"

#include <cmath>
#include <tuple>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/random.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

TEST_CASE("pooling takes the largest element and the mean of each window") {
  const Tensor x = tensor({{1, 5, 2, 0}, {3, 4, 9, 7}, {8, 6, -1, 2}}, {.dtype = heed::f32});
  const MaxPoolResult most = max_pool2d(x, 2, {.stride = 1});
  CHECK(most.values.shape() == Shape{2, 3});
  CHECK(values(most.values) == Values{5, 9, 9, 8, 9, 9});
  CHECK(values(most.indices) == Values{1, 6, 6, 8, 6, 6});
  CHECK(values(avg_pool2d(x, {2, 4})) == Values{31.0 / 8});
  CHECK(values(avg_pool2d(x, {3, 2})) == Values{27.0 / 6, float(19.0 / 6)});
  CHECK(values(max_pool1d(x, 3, {.stride = 2, .padding = 1}).values) == Values{5, 5, 4, 9, 8, 6});
}

TEST_CASE("max pooling finds what a plain loop finds, with ties and NaN") {
  const Tensor numbers = randn({9, 70}, {.dtype = heed::f64});
  const Tensor x = where(gt(numbers, 1.8), full({}, NAN, {.dtype = heed::f64}), round(numbers));
  const auto plain = [&](int64_t kernel, int64_t stride, int64_t padding, int64_t y, int64_t o) {
    int64_t best = -1;
    for (int64_t i = y * stride - padding; i < y * stride - padding + kernel; ++i)
      for (int64_t j = o * stride - padding; j < o * stride - padding + kernel; ++j) {
        if (i < 0 || j < 0 || i >= 9 || j >= 70) continue;
        const double value = x.at({i, j}), most = best < 0 ? 0 : x.at({best / 70, best % 70});
        const bool more = value > most || (std::isnan(value) && !std::isnan(most));
        if (best < 0 || more) best = i * 70 + j;
      }
    return best;
  };
  for (const DType dtype : {heed::f32, heed::f64})
    for (const auto& [kernel, stride, padding] :
         {std::tuple{3, 1, 1}, {2, 2, 0}, {3, 2, 1}, {4, 3, 2}, {5, 1, 0}}) {
      CAPTURE(text(dtype), kernel, stride, padding);
      const PoolOptions options{.stride = stride, .padding = padding};
      const MaxPoolResult most = max_pool2d(to(x, dtype), kernel, options);
      int64_t wrong = 0;
      for (int64_t y = 0; y < most.indices.size(0); ++y)
        for (int64_t o = 0; o < most.indices.size(1); ++o)
          wrong += most.indices.at({y, o}) != plain(kernel, stride, padding, y, o);
      CHECK(wrong == 0);
      const Tensor found = reshape(to(x, dtype), {9 * 70});
      CHECK(same_bits(flatten(most.values), index_select(found, 0, flatten(most.indices))));
    }
}

TEST_CASE("padding is never the largest element, and counts in means unless told otherwise") {
  const Tensor x = tensor({-4, -2, -6}, {.dtype = heed::f64});
  CHECK(values(max_pool1d(x, 2, {.stride = 2, .padding = 1}).values) == Values{-4, -2});
  CHECK(values(avg_pool1d(x, 2, {.stride = 2, .padding = 1})) == Values{-2, -4});
  CHECK(values(avg_pool1d(x, 2, {.stride = 2, .padding = 1, .count_include_pad = false})) ==
        Values{-4, -4});
  const Tensor infinite = full({2, 2}, -INFINITY);
  CHECK(values(max_pool2d(infinite, 2, {.padding = 1}).indices) == Values{0, 1, 2, 3});
}

TEST_CASE("NaN is the largest element, and the mean of its windows") {
  const Tensor x = tensor({1.0, NAN, 3.0, 4.0, NAN, NAN}, {.dtype = heed::f64});
  const MaxPoolResult most = max_pool1d(x, 2);
  CHECK(values(most.indices) == Values{1, 3, 4});
  CHECK((std::isnan(most.values.at({0})) && std::isnan(most.values.at({2}))));
  CHECK(std::isnan(avg_pool1d(x, 2).at({0})));
  CHECK(avg_pool1d(x, 2).at({1}) == 3.5);
}

TEST_CASE("pooling of nothing, and in another memory order") {
  CHECK(max_pool2d(zeros({0, 3, 4, 4}), 2).values.shape() == Shape{0, 3, 2, 2});
  CHECK(avg_pool1d(zeros({3, 0, 4}), 4).shape() == Shape{3, 0, 1});
  const Tensor x = randn({3, 4, 6});
  CHECK(equal(max_pool2d(reversed_layout(x), 2).values, max_pool2d(x, 2).values));
  CHECK(equal(avg_pool2d(reversed_layout(x), 2), avg_pool2d(x, 2)));
}

TEST_CASE("pooling gives the same bits for any number of threads") {
  const Tensor x = randn({40, 16, 16});
  const PoolOptions overlapping{.stride = 2, .padding = 1};
  const MaxPoolResult most = max_pool2d(x, 3, overlapping);
  check_threads([&] { return max_pool2d(x, 3, overlapping).indices; });
  check_threads([&] { return max_pool_backward(most.values, most.indices, x.shape(), 2); });
  check_threads([&] { return avg_pool2d(x, 3, {.stride = 2, .padding = 1}); });
  check_threads(
      [&] { return avg_pool_backward(most.values, x.shape(), 2, 3, {.stride = 2, .padding = 1}); });
}

TEST_CASE("pooling says what is wrong") {
  const Tensor x = zeros({2, 5, 5});
  check_error([&] { max_pool2d(zeros({5}), 2); }, "max_pool2d: expected x (..., H, W), got (5,)");
  check_error([&] { max_pool1d(tensor(1.0), 2); }, "max_pool1d: expected x (..., L), got ()");
  check_error([&] { max_pool2d(x, {2, 2, 2}); }, "max_pool2d: expected one kernel size or 2");
  check_error([&] { max_pool2d(x, {}); }, "max_pool2d: expected one kernel size or 2, got ()");
  check_error([&] { max_pool2d(x, 0); }, "max_pool2d: kernel size must be at least 1, got (0, 0)");
  check_error([&] { avg_pool2d(x, {2, 6}); }, "avg_pool2d: the kernel spans 6 elements of 5");
  check_error([&] { avg_pool2d(x, 2, {.stride = -1}); }, "avg_pool2d: stride must be at least 1");
  check_error([&] { max_pool2d(x, 3, {.padding = 2}); },
              "max_pool2d: padding must be at most half the kernel (3, 3), got (2,)");
  check_error([&] { max_pool1d(to(x, i64), 2); }, "max_pool1d: expected a floating dtype");
  check_error(
      [&] {
        max_pool_backward(x, zeros({2, 5}, {.dtype = i64}), x.shape(), 1);
      },
      "max_pool_backward: dy (2, 5, 5), indices (2, 5) and x (2, 5, 5) do not fit");
  const auto backward = [](const Tensor& indices, const Shape& x, int spatial) {
    max_pool_backward(zeros(indices.shape()), indices, x, spatial);
  };
  const Tensor indices = zeros({2, 2, 2}, {.dtype = i64});
  check_error([&] { backward(indices, {1, 5, 5}, 2); }, "and x (1, 5, 5) do not fit");
  check_error([&] { backward(indices, {2, 5, 5}, 1); }, "and x (2, 5, 5) do not fit");
  check_error([&] { backward(indices, {2, 5, 0}, 2); }, "and x (2, 5, 0) do not fit");
  check_error([&] { backward(indices, {2, 5, 5}, 4); }, "and x (2, 5, 5) do not fit");
  check_error([&] { backward(to(indices, u8), {2, 5, 5}, 2); }, "expected indices of dtype i64");
  indices[1].fill_(25);
  check_error(
      [&] {
        backward(indices, {2, 5, 5}, 2);
      },
      "max_pool_backward: index 25 is out of range for size 25 (0 to 24), at position 4");
  check_error([&] { avg_pool_backward(x, x.shape(), 2, 2, {}); },
              "avg_pool2d: expected dy (2, 2, 2), got (2, 5, 5)");
}
