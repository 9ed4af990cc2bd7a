// Sinusoidal, rotary, ALiBi and T5's positions, against formulas written out here and values of
// the papers' code.
#include "heed/nn/positions.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/matmul.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;

namespace {

Tensor random(const Shape& shape) { return randn(shape, {.dtype = f64}); }

}  // namespace

TEST_CASE("sinusoidal positions are sines and cosines of the paper's wavelengths") {
  const Tensor table = nn::sinusoidal_positions(5, 7, 3, {.dtype = f64});
  REQUIRE(table.shape() == Shape{5, 7});
  for (int64_t p = 0; p < 5; ++p) {
    for (int64_t i = 0; i < 7; ++i) {
      const double angle = double(p + 3) / std::pow(10000, double(i / 2 * 2) / 7);
      CHECK(table.at({p, i}) == Approx(i % 2 ? std::cos(angle) : std::sin(angle)).margin(1e-14));
    }
  }
  CHECK(nn::sinusoidal_positions(0, 4).shape() == Shape{0, 4});
  CHECK(equal(nn::sinusoidal_positions(5, 7, 3), to(table, f32)));
  check_error([] { nn::sinusoidal_positions(3, 0); }, "sinusoidal_positions: expected");
}

TEST_CASE("rotary turns each pair by an angle that grows with the position") {
  manual_seed(1);
  const Tensor x = random({2, 3, 5, 6});
  const Tensor y = nn::rotary(x, 4, 100).value();
  for (int64_t t = 0; t < 5; ++t) {
    for (int64_t i = 0; i < 3; ++i) {
      const double angle = double(4 + t) * std::pow(100, -2 * double(i) / 6);
      const double a = x.at({1, 2, t, i}), b = x.at({1, 2, t, i + 3});
      CHECK(y.at({1, 2, t, i}) == Approx(a * std::cos(angle) - b * std::sin(angle)));
      CHECK(y.at({1, 2, t, i + 3}) == Approx(b * std::cos(angle) + a * std::sin(angle)));
    }
  }
  check_error([] { nn::rotary(zeros({2, 3})); }, "rotary: expected x (..., T, D) with an even D");
  check_error([] { nn::rotary(zeros({2, 4}, {.dtype = i64})); }, "got (2, 4) of i64");
  check_error([] { nn::rotary(zeros({2, 4}), -1); }, "rotary: expected a past of at least 0");
}

TEST_CASE("rotary: dot products depend on the distance alone, lengths do not change") {
  manual_seed(2);
  // The same query and key in every row.
  const Tensor q = contiguous(expand(random({1, 8}), {12, 8}));
  const Tensor k = contiguous(expand(random({1, 8}), {12, 8}));
  const Tensor scores =
      matmul(nn::rotary(q).value(), transpose(nn::rotary(k).value(), 0, 1));  // (12, 12)
  for (int64_t i = 1; i < 12; ++i)
    for (int64_t j = 1; j < 12; ++j)
      CHECK(scores.at({i, j}) == Approx(scores.at({i - 1, j - 1})).epsilon(1e-12));
  CHECK(std::abs(scores.at({5, 0}) - scores.at({6, 0})) > 1e-3);
  CHECK(distance(sum(square(nn::rotary(q).value()), {1}), sum(square(q), {1})) < 1e-13);
  // Far behind: f32 rows are as exact as f64 ones.
  const Tensor late = nn::rotary(to(q, f32), 100000).value();
  CHECK(distance(late, nn::rotary(q, 100000).value()) < 1e-6);
}

TEST_CASE("gradients of rotary, first and second order") {
  const Variable x = Variable(random({2, 3, 4})).requires_grad_();
  const auto result = gradcheck(
      [](std::span<const Variable> in) -> std::vector<Variable> {
        return {square(nn::rotary(in[0], 2))};
      },
      {x}, {.second_order = true});
  INFO(result.message);
  CHECK(result.ok);
}

TEST_CASE("ALiBi: the paper's slopes, and their bias by distance") {
  CHECK(distance(nn::alibi_slopes(8),
                 {1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128, 1. / 256}) == 0);
  // 16 heads: 2^-0.5, 2^-1, ...; 6 heads: those of 4, then the first and third of 8.
  CHECK(nn::alibi_slopes(16, {.dtype = f64}).at({0}) == Approx(std::exp2(-0.5)));
  CHECK(distance(nn::alibi_slopes(6), {1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 2, 1. / 8}) == 0);
  const Tensor bias = nn::alibi_bias(4, 2, 3);  // queries at 3 and 4, keys 0 to 4
  REQUIRE(bias.shape() == Shape{1, 4, 2, 5});
  CHECK(distance(bias[0][1], {-3. / 16, -2. / 16, -1. / 16, 0, 1. / 16, -4. / 16, -3. / 16,
                              -2. / 16, -1. / 16, 0}) == 0);
  CHECK(bias.dtype() == f32);
  CHECK(nn::alibi_bias(4, 2, 3, {.dtype = f64}).dtype() == f64);
  check_error([] { nn::alibi_bias(2, 2, -1); }, "alibi_bias: expected a past of at least 0");
  check_error([] { nn::alibi_slopes(0); }, "alibi_slopes: expected at least 1 head, got 0");
}

TEST_CASE("T5's buckets: Hugging Face's values") {
  const int64_t distances[] = {-300, -200, -128, -127, -100, -91, -90, -64, -63, -46, -45, -32, -31,
                               -23,  -22,  -17,  -16,  -15,  -12, -11, -9,  -8,  -7,  -2,  -1,  0,
                               1,    2,    7,    8,    9,    11,  12,  15,  16,  17,  22,  23,  31,
                               32,   45,   46,   63,   64,   90,  91,  127, 128, 200, 300};
  // T5Attention._relative_position_bucket of transformers 5.23.0.
  const int64_t both[] = {15, 15, 15, 15, 15, 15, 14, 14, 13, 13, 12, 12, 11, 11, 10, 10, 10,
                          9,  9,  8,  8,  8,  7,  2,  1,  0,  17, 18, 23, 24, 24, 24, 25, 25,
                          26, 26, 26, 27, 27, 28, 28, 29, 29, 30, 30, 31, 31, 31, 31, 31};
  const int64_t before[] = {31, 31, 31, 31, 30, 29, 29, 26, 26, 24, 23, 21, 21, 18, 18, 16, 16,
                            15, 12, 11, 9,  8,  7,  2,  1,  0,  0,  0,  0,  0,  0,  0,  0,  0,
                            0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0};
  const Tensor two_ways = nn::relative_position_buckets({.num_heads = 1}, 1, 601, 300);
  const Tensor one_way =
      nn::relative_position_buckets({.num_heads = 1, .bidirectional = false}, 1, 601, 300);
  for (size_t i = 0; i < std::size(distances); ++i) {
    CAPTURE(distances[i]);
    CHECK(two_ways[0][300 + distances[i]].item<int64_t>() == both[i]);
    CHECK(one_way[0][300 + distances[i]].item<int64_t>() == before[i]);
  }
}

TEST_CASE("T5's buckets refuse what has none") {
  const auto buckets = [](nn::RelativePositionOptions options, int64_t queries, int64_t past) {
    return nn::relative_position_buckets(options, queries, 3, past);
  };
  const int64_t most = std::numeric_limits<int64_t>::max();
  check_error([&] { buckets({.num_buckets = 2}, 3, 0); },
              "relative_position_buckets: expected at least 4 buckets");
  check_error([&] { buckets({.bidirectional = false, .num_buckets = 1}, 3, 0); }, "at least 2");
  check_error([&] { buckets({.max_distance = 8}, 3, 0); }, "got 32 and 8");
  check_error([&] { buckets({}, -1, 0); }, "expected sizes of at least 0, got -1 queries");
  check_error([&] { buckets({}, 1, -1); }, "3 keys and a past of -1");
  check_error([&] { buckets({}, 1, most); }, "a past of 9223372036854775807");
  check_error([&] { buckets({}, most, 0); }, "more than 2^40 elements");
  CHECK(buckets({}, 1, most - 1).at({0, 0}) == 15);
}

TEST_CASE("T5's bias is its table at the buckets, in a cache's view too") {
  manual_seed(5);
  const nn::RelativePositionBias relative(
      {.num_heads = 3, .bidirectional = false, .num_buckets = 8, .max_distance = 20});
  const Tensor whole = relative(6, 6).value(), table = relative.table.weight.value();
  REQUIRE(whole.shape() == Shape{1, 3, 6, 6});
  CHECK(whole.at({0, 2, 5, 2}) == table.at({3, 2}));
  CHECK(whole.at({0, 1, 0, 4}) == table.at({0, 1}));
  CHECK(distance(relative(1, 6, 5).value(), narrow(whole, 2, 5, 1)) == 0);
  nn::RelativePositionBias trained({.num_heads = 2, .num_buckets = 4, .max_distance = 5});
  CHECK(parameter_names(trained) == std::vector<std::string>{"relative_attention_bias.weight"});
  sum(trained(3, 3)).backward();
  CHECK(distance(trained.table.weight.grad().value(), {3, 3, 3, 3, 0, 0, 3, 3}) == 0);
  check_error([] { nn::RelativePositionBias({.num_heads = 2, .num_buckets = 2}); },
              "RelativePositionBias: expected at least 4 buckets");
}
