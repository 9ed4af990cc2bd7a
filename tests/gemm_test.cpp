#include "heed/core/gemm.h"

#include <limits>

#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

struct Case {
  int64_t m, n, k;
  bool ta, tb;
  bool add;
};

/// One product against plain loops; the bar is k u times the sum of |a b|.
template <class T>
void check_product(const Case& c) {
  CAPTURE(c.m, c.n, c.k, c.ta, c.tb, c.add);
  const auto a = random_numbers<T>(c.m * c.k, 1), b = random_numbers<T>(c.k * c.n, 2);
  auto out = random_numbers<T>(c.m * c.n, 3);
  const auto before = out;
  gemm(c.m, c.n, c.k, {a.data(), std::max<int64_t>(1, c.ta ? c.m : c.k), c.ta},
       {b.data(), std::max<int64_t>(1, c.tb ? c.k : c.n), c.tb}, out.data(), c.n, c.add);
  double worst = 0;
  for (int64_t i = 0; i < c.m; ++i)
    for (int64_t j = 0; j < c.n; ++j) {
      double sum = 0, size = 1;
      for (int64_t p = 0; p < c.k; ++p) {
        const double x = a[size_t(c.ta ? p * c.m + i : i * c.k + p)];
        const double y = b[size_t(c.tb ? j * c.k + p : p * c.n + j)];
        sum += x * y;
        size += std::abs(x * y);
      }
      const double want = sum + (c.add ? double(before[size_t(i * c.n + j)]) : 0);
      worst = std::max(worst, std::abs(double(out[size_t(i * c.n + j)]) - want) / size);
    }
  CHECK(worst <= (sizeof(T) == 4 ? std::sqrt(double(c.k) + 4) * kernel_bars::u : kernel_bars::f64));
}

}  // namespace

TEST_CASE("gemm is the product of plain loops") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                                {3, 5, 7},
                                {1, 40, 33},
                                {40, 1, 33},
                                {1, 1, 300},
                                {130, 70, 50},
                                {200, 300, 64},
                                {0, 4, 3},
                                {4, 0, 3}})
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        for (const bool add : {false, true}) {
          check_product<float>({m, n, k, ta, tb, add});
          check_product<double>({m, n, k, ta, tb, add});
        }
      }
}

TEST_CASE("gemm with k = 0, or over what is not a number") {
  std::vector<float> c(6, 3);
  gemm(2, 3, 0, {nullptr, 1}, {nullptr, 3}, c.data(), 3, true);
  CHECK(c == std::vector<float>(6, 3));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const int64_t m : {1, 2}) {  // without add C is not read
    c.assign(6, nan);
    gemm(m, 3, 0, {nullptr, 1}, {nullptr, 3}, c.data(), 3);
    CHECK(c[0] == 0);
    c.assign(6, nan);
    const std::vector<float> one(6, 1);
    gemm(m, 3, 2, {one.data(), 2}, {one.data(), 3}, c.data(), 3);
    CHECK(c[2] == 2);
  }
  const std::vector<float> a{1, nan}, b{0, 0};  // NaN in, NaN out
  gemm(1, 1, 2, {a.data(), 2}, {b.data(), 1}, c.data(), 1);
  CHECK(std::isnan(c[0]));
}

TEST_CASE("gemm_bias adds the bias to every row") {
  const auto a = random_numbers<float>(130 * 20, 1), b = random_numbers<float>(20 * 300, 2);
  const auto bias = random_numbers<float>(300, 3);
  std::vector<float> c(130 * 300);
  gemm_bias(130, 300, 20, {a.data(), 20}, {b.data(), 300}, bias.data(), c.data(), 300);
  double worst = 0;
  for (size_t i = 0; i < 130; ++i)
    for (size_t j = 0; j < 300; ++j) {
      double sum = bias[j], size = std::abs(sum);
      for (size_t p = 0; p < 20; ++p) {
        const double term = double(a[i * 20 + p]) * double(b[p * 300 + j]);
        sum += term;
        size += std::abs(term);
      }
      worst = std::max(worst, std::abs(double(c[i * 300 + j]) - sum) / size);
    }
  CHECK(worst <= std::sqrt(20.0) * kernel_bars::u);
  gemm_bias(2, 300, 0, {a.data(), 1}, {b.data(), 300}, bias.data(), c.data(), 300);
  CHECK(std::equal(bias.begin(), bias.end(), c.begin() + 300));
}

TEST_CASE("gemm_batched is one gemm for each matrix") {
  for (const int64_t side : {3, 40, 110}) {
    const auto a = random_numbers<double>(7 * side * side, 1),
               b = random_numbers<double>(side * side, 2);
    std::vector<double> c(size_t(7 * side * side)), one(size_t(side * side));
    gemm_batched(7, side, side, side, {a.data(), side}, side * side, {b.data(), side}, 0, c.data(),
                 side, side * side);
    for (int64_t i = 0; i < 7; ++i) {
      gemm_serial(side, side, side, {a.data() + i * side * side, side}, {b.data(), side},
                  one.data(), side);
      CHECK(distance(Values(one.begin(), one.end()),
                     Values(c.begin() + i * side * side, c.begin() + (i + 1) * side * side)) <=
            1e-12);
    }
  }
}

TEST_CASE("gemm gives the same bits for any number of threads") {
  const auto a = random_numbers<float>(300 * 200, 1), b = random_numbers<float>(200 * 500, 2);
  check_threads([&] {
    const Tensor c = Tensor::allocate({300, 500}, f32);
    gemm(300, 500, 200, {a.data(), 200}, {b.data(), 500}, c.mutable_data<float>(), 500);
    return c;
  });
  check_threads([&] {
    const Tensor c = Tensor::allocate({1, 500}, f32);
    gemm(1, 500, 200, {a.data(), 200}, {b.data(), 500}, c.mutable_data<float>(), 500);
    return c;
  });
}

TEST_CASE("gemm refuses what OpenBLAS's int cannot hold") {
  float x = 0;
  const int64_t huge = int64_t(1) << 31;
  check_error([&] { gemm(huge, 1, 1, {&x, 1}, {&x, 1}, &x, 1); }, "gemm: a dimension of");
  check_error([&] { gemm(1, 1, huge, {&x, huge}, {&x, 1}, &x, 1); }, "32-bit int");
  check_error([&] { gemm_serial(2, 2, 2, {&x, huge}, {&x, 2}, &x, 2); }, "2147483648");
}
