#include "heed/core/gemm_few.h"

#include <cmath>
#include <limits>

#include "heed/core/random.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr int64_t wider = 3;  // than they need to be: the rows of all matrices

/// A product with a bias and one that is added to C, against plain loops.
template <class T>
void check_product(int64_t m, int64_t n, int64_t k) {
  CAPTURE(m, n, k);
  const auto a = random_numbers<T>(m * (k + wider), 1), b = random_numbers<T>(n * (k + wider), 2);
  const auto bias = random_numbers<T>(n, 3), before = random_numbers<T>(m * (n + wider), 4);
  std::vector<T> biased = before, added = before;
  const MatrixView<T> left{a.data(), k + wider}, right{b.data(), k + wider, true};
  REQUIRE(prefers_few(1, k, left, right));
  gemm_few<T>(m, n, k, left, right, bias.data(), false, biased.data(), n + wider);
  gemm_few<T>(m, n, k, left, right, nullptr, true, added.data(), n + wider);
  double worst = 0;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n + wider; ++j) {
      const size_t at = size_t(i * (n + wider) + j);
      if (j >= n) {
        REQUIRE((biased[at] == before[at] && added[at] == before[at]));
        continue;
      }
      double sum = 0, size = 1;
      for (int64_t p = 0; p < k; ++p) {
        const double term = double(a[size_t(i * (k + wider) + p)]) * b[size_t(j * (k + wider) + p)];
        sum += term;
        size += std::abs(term);
      }
      worst = std::max({worst, std::abs(biased[at] - (bias[size_t(j)] + sum)) / size,
                        std::abs(added[at] - (before[at] + sum)) / size});
    }
  CHECK(worst <= (sizeof(T) == 4 ? std::sqrt(double(k)) * kernel_bars::u : kernel_bars::f64));
}

}  // namespace

TEST_CASE("gemm_few is the product of plain loops") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 1, 16},
                                {1, 7, 17},
                                {2, 50, 31},
                                {3, 4, 100},
                                {5, 130, 33},
                                {7, 9, 64},
                                {64, 18, 40}}) {
    check_product<float>(m, n, k);
    check_product<double>(m, n, k);
  }
}

TEST_CASE("gemm_few: a row's bits do not depend on the other rows, nor on threads") {
  const int64_t m = 8, n = 400, k = 213;
  const Tensor a = randn({m, k}), b = randn({n, k});
  const auto product = [&](int64_t first, int64_t rows) {
    const Tensor c = Tensor::allocate({rows, n}, f32);
    gemm_few<float>(rows, n, k, {a.data<float>() + first * k, k}, {b.data<float>(), k, true},
                    nullptr, false, c.mutable_data<float>(), n);
    return c;
  };
  const Tensor all = product(0, m);
  for (const auto& [first, rows] : {std::array<int64_t, 2>{0, 1}, {7, 1}, {1, 3}, {3, 5}})
    CHECK(same_bits(narrow(all, 0, first, rows), product(first, rows)));
  check_threads([&] { return product(0, m); });
}

TEST_CASE("gemm_few: what is not a number stays in its column") {
  const int64_t k = 20;
  std::vector<float> a(k, 0), b(3 * k, 1), c(3);
  b[0] = std::numeric_limits<float>::quiet_NaN();  // of column 0, the others are next to it
  b[2 * k - 1] = std::numeric_limits<float>::infinity();
  a[k - 1] = 1;
  gemm_few<float>(1, 3, k, {a.data(), k}, {b.data(), k, true}, nullptr, false, c.data(), 3);
  CHECK(std::isnan(c[0]));
  CHECK(c[1] == std::numeric_limits<float>::infinity());
  CHECK(c[2] == 1);
}
