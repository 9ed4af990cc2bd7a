#include "heed/core/gemm_tall.h"

#include <cmath>

#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr int64_t wider = 3;  // than they need to be: the rows of all matrices

std::vector<float> tall_product(int64_t m, int64_t n, int64_t k, const std::vector<float>& a,
                                const std::vector<float>& b) {
  std::vector<float> c(size_t(m * (n + wider)), NAN);
  gemm_tall(m, n, k, a.data(), m + wider, b.data(), n + wider, c.data(), n + wider);
  return c;
}

}  // namespace

TEST_CASE("gemm_tall is the product of plain loops, for any number of threads") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{40, 24, 512},
                                {24, 40, 777},
                                {33, 100, 2500},
                                {130, 70, 4100},
                                {70, 600, 513},
                                {530, 520, 540}}) {
    CAPTURE(m, n, k);
    const auto a = random_numbers<float>(k * (m + wider), 1);
    const auto b = random_numbers<float>(k * (n + wider), 2);
    const auto c = tall_product(m, n, k, a, b);
    double worst = 0;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0, size = 1;
        for (int64_t p = 0; p < k; ++p) {
          const double term =
              double(a[size_t(p * (m + wider) + i)]) * b[size_t(p * (n + wider) + j)];
          sum += term;
          size += std::abs(term);
        }
        worst = std::max(worst, std::abs(c[size_t(i * (n + wider) + j)] - sum) / size);
      }
    CHECK(worst <= std::sqrt(double(k)) * kernel_bars::u);
    CHECK(std::isnan(c[size_t(n)]));  // nothing is written beside C
    const int threads = num_threads();
    set_num_threads(threads == 1 ? 3 : 1);
    CHECK(std::memcmp(tall_product(m, n, k, a, b).data(), c.data(), c.size() * sizeof(float)) == 0);
    set_num_threads(threads);
  }
}
