#include "heed/core/random.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "heed/core/creation.h"
#include "heed/core/parallel.h"
#include "heed/core/random_fill.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

namespace {

struct Moments {
  double mean = 0, variance = 0;
  explicit Moments(const Values& x) {
    for (double v : x) mean += v / double(x.size());
    for (double v : x) variance += (v - mean) * (v - mean) / double(x.size());
  }
};

/// The largest distance between the numbers' distribution and a distribution function.
double kolmogorov(Values x, double (*distribution)(double)) {
  std::sort(x.begin(), x.end());
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i)
    worst = std::max(worst, std::abs(double(i) / double(x.size()) - distribution(x[i])));
  return worst;
}

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

}  // namespace

TEST_CASE("the kernels use the words of philox") {
  std::vector<uint64_t> bits(500);
  const uint64_t seed = 0x123456789abcdef, offset = 0xfedcba9876543;
  detail::bits_fill(bits.data(), 500, seed, offset);
  size_t wrong = 0;
  for (uint64_t i = 0; i < 500; ++i) {  // groups of 32 blocks: words 0 | words 1, then 2 | 3
    const uint64_t place = i % 64;
    const auto words = philox(seed, offset, i / 64 * 32 + place % 32);
    wrong += bits[i] != (uint64_t(words[place / 32]) << 32 | words[place / 32 + 2]);
  }
  CHECK(wrong == 0);
}

TEST_CASE("rand and uniform") {
  for (DType dtype : {f32, f64}) {
    Generator generator(11);
    const Values x = values(rand({100000}, {dtype, &generator}));
    CHECK(*std::min_element(x.begin(), x.end()) >= 0);
    CHECK(*std::max_element(x.begin(), x.end()) < 1);
    CHECK(kolmogorov(x, [](double v) { return v; }) < 0.006);
    const Values y = values(uniform({100000}, -3, 5, {dtype, &generator}));
    CHECK(Moments(y).mean == Approx(1).margin(0.03));
    CHECK(*std::min_element(y.begin(), y.end()) >= -3);
    CHECK(*std::max_element(y.begin(), y.end()) <= 5);
  }
  CHECK(values(uniform({3}, 2, 2)) == Values{2, 2, 2});
  CHECK(rand({}).dim() == 0);
  CHECK(rand({0, 3}).shape() == Shape{0, 3});
  check_error([] { uniform({2}, 1, 0); }, "uniform: expected finite bounds with low <= high");
  check_error([] { uniform({2}, 0, INFINITY); }, "uniform: expected finite bounds");
  check_error([] { uniform({2}, -3e38, 3e38); }, "uniform: expected finite bounds");
  CHECK(std::abs(uniform({}, -3e38, 3e38, {.dtype = f64}).item()) <= 3e38);
  check_error([] { rand({2}, {.dtype = i64}); }, "rand: expected a floating dtype (f32 or f64)");
  check_error([] { rand({-2}); }, "negative size");
}

TEST_CASE("uniform_ and normal_ draw what uniform and normal do, into a tensor or a part of one") {
  const auto same = [](auto in_place, auto anew) {
    Generator one(5), other(5);
    const Tensor whole = zeros({6, 7}), part = transpose(zeros({7, 6}), 0, 1);
    in_place(whole, &one);
    CHECK(values(whole) == values(anew(Shape{6, 7}, &other)));
    in_place(part, &one);
    CHECK(values(part) == values(anew(Shape{6, 7}, &other)));
  };
  same([](const Tensor& x, Generator* g) { uniform_(x, -1, 2, g); },
       [](const Shape& shape, Generator* g) { return uniform(shape, -1, 2, {.generator = g}); });
  same([](const Tensor& x, Generator* g) { normal_(x, 3, 0.5, g); },
       [](const Shape& shape, Generator* g) { return normal(shape, 3, 0.5, {.generator = g}); });
  check_error([] { uniform_(zeros({2}), 1, 0); }, "uniform_: expected finite bounds");
  check_error([] { normal_(zeros({2}), 0, -1); }, "normal_: std must not be negative, got -1");
  check_error([] { normal_(zeros({2}, {.dtype = i64}), 0, 1); },
              "normal_: expected a floating dtype");
}

TEST_CASE("randn and normal") {
  for (DType dtype : {f32, f64}) {
    Generator generator(12);
    const Values x = values(randn({100000}, {dtype, &generator}));
    CHECK(kolmogorov(x, normal_distribution) < 0.006);
    CHECK(*std::max_element(x.begin(), x.end()) < 7);
    const Moments moments(values(normal({100001}, 10, 2, {dtype, &generator})));
    CHECK(moments.mean == Approx(10).margin(0.05));
    CHECK(moments.variance == Approx(4).margin(0.1));
    double product = 0;  // the two numbers of one Box-Muller pair, and neighbours
    for (size_t i = 0; i + 64 < x.size(); ++i) product += x[i] * (x[i + 64] + x[i + 32] + x[i + 1]);
    CHECK(std::abs(product / double(x.size())) < 0.02);
  }
  CHECK(values(normal({2}, 4, 0)) == Values{4, 4});
  CHECK(std::isnan(normal({1}, NAN, 1).item()));
  check_error([] { normal({2}, 0, -1); }, "normal: std must not be negative, got -1");
  check_error([] { normal({2}, 0, NAN); }, "normal: std must not be negative, got nan");
  check_error([] { randn({2}, {.dtype = u8}); }, "randn: expected a floating dtype");
}

TEST_CASE("bernoulli") {
  Generator generator(13);
  CHECK(Moments(values(bernoulli({100000}, 0.3, {.generator = &generator}))).mean ==
        Approx(0.3).margin(0.006));
  CHECK(values(bernoulli({200}, 1)) == Values(200, 1));
  CHECK(values(bernoulli({200}, 0.0)) == Values(200, 0));
  CHECK(bernoulli({5}, 0.5, {.dtype = u8}).dtype() == u8);
  const Tensor p = tensor({{0.0, 1.0}, {0.25, 0.75}}, {.dtype = f64});
  const Tensor drawn = bernoulli(expand(p, {20000, 2, 2}), &generator);
  CHECK(drawn.dtype() == f64);
  CHECK(values(select(select(drawn, 1, 0), 1, 0)) == Values(20000, 0));
  CHECK(values(select(select(drawn, 1, 0), 1, 1)) == Values(20000, 1));
  CHECK(Moments(values(select(select(drawn, 1, 1), 1, 0))).mean == Approx(0.25).margin(0.02));
  CHECK(Moments(values(select(select(drawn, 1, 1), 1, 1))).mean == Approx(0.75).margin(0.02));
  check_error([] { bernoulli({2}, 1.5); }, "bernoulli: p must lie in [0, 1], got 1.5");
  check_error([] { bernoulli({2}, NAN); }, "bernoulli: p must lie in [0, 1], got nan");
  check_error([] { bernoulli(tensor({0.5, -0.5})); }, "bernoulli: p must lie in [0, 1], got -0.5");
  check_error([] { bernoulli(tensor({1, 0})); }, "bernoulli: expected a floating dtype");
}

TEST_CASE("bernoulli_fill keeps the same elements in either type") {
  std::vector<float> single(1000);
  std::vector<double> both(1000);
  detail::bernoulli_fill(single.data(), 1000, 0.8, 1.25f, 5, 6);
  detail::bernoulli_fill(both.data(), 1000, 0.8, 1.25, 5, 6);
  CHECK(Values(single.begin(), single.end()) == both);
  CHECK(std::count(both.begin(), both.end(), 1.25) > 700);
  CHECK(std::count(both.begin(), both.end(), 0) > 100);
}

TEST_CASE("randint and randperm") {
  Generator generator(14);
  const Values x = values(randint(-2, 3, {50000}, &generator));
  for (int64_t k = -2; k < 3; ++k)
    CHECK(double(std::count(x.begin(), x.end(), k)) == Approx(10000).margin(400));
  const int64_t least = std::numeric_limits<int64_t>::min();
  const int64_t most = std::numeric_limits<int64_t>::max();
  CHECK(Moments(values(randint(least, most, {1000}))).mean == Approx(0).margin(0x1p60));
  CHECK(values(randint(4, 5, {2})) == Values{4, 4});
  check_error([] { randint(3, 3, {2}); }, "randint: expected low < high, got 3 and 3");
  check_error([] { randint(3, 2, {2}); }, "randint: expected low < high");
  check_error([] { randint(0, 2, {-1}); }, "negative size");
  Values order = values(randperm(1000, &generator));
  CHECK(!std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  CHECK(order == values(arange(1000)));
  std::set<Values> seen;
  for (int i = 0; i < 200; ++i) seen.insert(values(randperm(3, &generator)));
  CHECK(seen.size() == 6);
  CHECK(randperm(0).shape() == Shape{0});
  check_error([] { randperm(-1); }, "randperm: n must not be negative, got -1");
}

TEST_CASE("multinomial with replacement") {
  Generator generator(15);
  const Tensor weights = tensor({{1.0, 0.0, 3.0, 0.0}, {0.0, 2.0, 0.0, 0.0}});
  const Tensor drawn = multinomial(weights, 20000, true, &generator);
  CHECK(drawn.shape() == Shape{2, 20000});
  const Values first = values(drawn[0]);
  CHECK(double(std::count(first.begin(), first.end(), 0)) == Approx(5000).margin(250));
  CHECK(double(std::count(first.begin(), first.end(), 2)) == Approx(15000).margin(250));
  CHECK(values(drawn[1]) == Values(20000, 1));
}

TEST_CASE("multinomial without replacement") {
  Generator generator(16);
  const Tensor weights = tensor({1.0, 2.0, 0.0, 4.0}, {.dtype = f64});
  int first = 0, second = 0;
  for (int i = 0; i < 7000; ++i) {
    const Values order = values(multinomial(weights, 3, false, &generator));
    first += order[0] == 3;
    second += order[1] == 3;
    if (std::count(order.begin(), order.end(), 2) > 0 || order[0] == order[1]) FAIL("impossible");
  }
  CHECK(first == Approx(4000).margin(170));  // 4 / 7
  CHECK(second == Approx(7000 * (1.0 / 7 * 4 / 6 + 2.0 / 7 * 4 / 5)).margin(170));
  CHECK(multinomial(ones({2, 3, 4}), 2).shape() == Shape{2, 3, 2});
  CHECK(multinomial(ones({0, 4}), 2).shape() == Shape{0, 2});
  CHECK(multinomial(ones({4}), 0).shape() == Shape{0});
  check_error([&] { multinomial(weights, 4); },
              "multinomial: cannot draw 4 without replacement from 3");
  check_error(
      [] {
        multinomial(tensor({1.0, -1.0}), 1);
      },
      "multinomial: weights must be finite and");
  check_error(
      [] {
        multinomial(tensor({1.0, NAN}), 1);
      },
      "multinomial: weights must be finite and");
  check_error([] { multinomial(zeros({2}), 1); }, "multinomial: the weights of a row are all zero");
  check_error([] { multinomial(zeros({2, 0}), 1, true); }, "all zero");
  check_error(
      [] {
        multinomial(tensor({1, 2}), 1);
      },
      "multinomial: expected weights of a floating");
  check_error([] { multinomial(tensor(1.0), 1); }, "multinomial: expected weights (..., K)");
}

TEST_CASE("element i depends on seed, offset and i alone") {
  const std::function<Tensor(int64_t, Generator*)> ops[] = {
      [](int64_t n, Generator* g) { return rand({n}, {.generator = g}); },
      [](int64_t n, Generator* g) {
        return rand({n}, {f64, g});
      },
      [](int64_t n, Generator* g) { return randn({n}, {.generator = g}); },
      [](int64_t n, Generator* g) {
        return randn({n}, {f64, g});
      },
      [](int64_t n, Generator* g) { return bernoulli({n}, 0.5, {.generator = g}); },
      [](int64_t n, Generator* g) { return randint(0, 1 << 30, {n}, g); },
  };
  for (const auto& op : ops) {
    Values all;
    for (int threads : {1, 2, 3}) {
      set_num_threads(threads);
      Generator generator(21, 4);
      const Values drawn = values(op(50000, &generator));
      CHECK(generator.offset() == 5);
      if (all.empty()) all = drawn;
      CHECK(drawn == all);
    }
    set_num_threads(0);
    for (int64_t n : {1, 63, 64, 65, 1000}) {
      Generator generator(21, 4);
      CHECK(values(op(n, &generator)) == Values(all.begin(), all.begin() + n));
    }
    Generator other_seed(22, 4), other_offset(21, 5);
    CHECK(values(op(1000, &other_seed)) != Values(all.begin(), all.begin() + 1000));
    CHECK(values(op(1000, &other_offset)) != Values(all.begin(), all.begin() + 1000));
  }
}

TEST_CASE("nothing is drawn where the numbers will be replaced") {
  manual_seed(3);
  rand({2});
  const Tensor wanted = randn({5});
  Generator own(1);
  const Tensor drawn = rand({4}, {.generator = &own});
  manual_seed(3);
  rand({2});
  {
    const NoDraws zeros;
    CHECK(values(randn({3, 2})) == Values(6, 0));
    CHECK(values(uniform({2}, -1, 1, {.dtype = heed::f64})) == Values(2, 0));
    Generator again(1);
    CHECK(values(rand({4}, {.generator = &again})) == values(drawn));
    const NoDraws inner;
  }
  CHECK(values(randn({5})) == values(wanted));
}

TEST_CASE("the default generator is seeded") {
  manual_seed(9);
  const Values x = values(rand({4})), y = values(rand({4}));
  CHECK(x != y);
  manual_seed(9);
  CHECK(values(rand({4})) == x);
  CHECK(values(randn({4})) != values(randn({4})));
  const uint64_t before = default_generator().offset();
  check_error([] { bernoulli({2}, 2); }, "bernoulli");
  CHECK(default_generator().offset() == before);  // an error draws nothing
}
