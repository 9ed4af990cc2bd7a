#include "heed/core/softmax.h"

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// softmax over the last dimension by plain loops; -inf and masked elements get 0.
Values softmax_loops(const Values& x, size_t n, const Values& mask = {}, bool log = false) {
  Values out(x.size());
  for (size_t row = 0; row < x.size(); row += n) {
    double most = -INFINITY, sum = 0;
    const auto at = [&](size_t i) {
      return mask.empty() || mask[row + i] != 0 ? x[row + i] : -INFINITY;
    };
    for (size_t i = 0; i < n; ++i) most = std::max(most, at(i));
    for (size_t i = 0; i < n; ++i) sum += most == -INFINITY ? 0 : std::exp(at(i) - most);
    for (size_t i = 0; i < n; ++i) {
      const double shifted = most == -INFINITY ? -INFINITY : at(i) - most;
      out[row + i] = log ? (sum == 0 ? -INFINITY : shifted - std::log(sum))
                         : (sum == 0 ? 0 : std::exp(shifted) / sum);
    }
  }
  return out;
}

/// x seen with dim last, as rows of values.
Values rows_of(const Tensor& x, int64_t dim) { return values(transpose(x, dim, -1)); }

void check_softmax(const Tensor& x, int64_t dim) {
  CAPTURE(text(x.shape()), dim, text(x.dtype()), x.is_contiguous());
  const size_t n = size_t(x.size(dim));
  const bool exact = x.dtype() == heed::f64;
  const Values rows = rows_of(x, dim);
  const Tensor y = softmax(x, dim), log_y = log_softmax(x, dim);
  CHECK((y.shape() == x.shape() && log_y.shape() == x.shape()));
  CHECK(distance(rows_of(y, dim), softmax_loops(rows, n)) <=
        (exact ? kernel_bars::f64 : kernel_bars::softmax));
  CHECK(distance(rows_of(log_y, dim), softmax_loops(rows, n, {}, true)) <=
        (exact ? 1e-13 : kernel_bars::log_softmax));
  const Values sums = values(sum(to(y, heed::f64), {dim}));
  CHECK(distance(sums, Values(sums.size(), 1)) <= (exact ? 1e-14 : kernel_bars::row_sum));
  const Tensor dy = randn(x.shape(), {.dtype = x.dtype()});
  const auto want = [&](const Tensor& g, const Tensor& v, bool log) {  // in f64, by ops
    const Tensor a = to(g, heed::f64), b = to(v, heed::f64);
    return log ? a - exp(b) * sum(a, {dim}, true) : b * (a - sum(a * b, {dim}, true));
  };
  const double bar = exact ? 1e-13 : kernel_bars::gradient;
  CHECK(distance(values(softmax_backward(dy, y, dim)), values(want(dy, y, false))) <= 4 * bar);
  CHECK(distance(values(log_softmax_backward(dy, log_y, dim)), values(want(dy, log_y, true))) <=
        bar * double(n));
}

}  // namespace

TEST_CASE("log_normalizer is what log_softmax subtracts, in f64") {
  const Tensor x = randn({3, 4, 300}) * 3.0;
  const Tensor got = log_normalizer(x);
  CHECK(got.shape() == Shape{3, 4, 1});
  CHECK(got.dtype() == f64);
  CHECK(distance(values(to(x, f64) - got), values(log_softmax(to(x, f64), 2))) < 1e-6);
  CHECK(distance(values(to(x, f64) - log_normalizer(to(x, f64))),
                 values(log_softmax(to(x, f64), 2))) < 1e-14);
  const Tensor edges = tensor({{-INFINITY, -INFINITY}, {NAN, 1.0}, {-INFINITY, 5.0}});
  const Values sums = values(log_normalizer(edges));
  CHECK(sums[0] == 0);
  CHECK(std::isnan(sums[1]));
  CHECK(sums[2] == 5);
  CHECK(log_normalizer(zeros({0, 3})).shape() == Shape{0, 1});
}

TEST_CASE("softmax and log_softmax over any dimension") {
  for (const DType dtype : {heed::f32, heed::f64}) {
    for (const int64_t n : {1, 2, 7, 9, 16, 31, 32, 33, 64, 100, 1000, 5000})
      check_softmax(mul(randn({3, n}, {.dtype = dtype}), 3), 1);
    for (const Shape& shape : {Shape{9}, {1}, {4, 5}, {3, 4, 5}, {2, 1, 40}, {300, 9}})
      for (int64_t dim = 0; dim < shape.size(); ++dim) {
        check_softmax(randn(shape, {.dtype = dtype}), dim);
        check_softmax(reversed_layout(randn(shape, {.dtype = dtype})), dim - shape.size());
      }
  }
}

TEST_CASE("softmax of degenerate shapes") {
  CHECK(softmax(tensor(5.0), 0).item() == 1);
  CHECK(log_softmax(tensor(5.0), -1).item() == 0);
  CHECK(softmax(zeros({0, 3}), 1).shape() == Shape{0, 3});
  CHECK(softmax(zeros({3, 0}), 1).shape() == Shape{3, 0});
  CHECK(softmax(zeros({3, 0}), 0).shape() == Shape{3, 0});
  CHECK(log_softmax(zeros({2, 0, 4}), 1).shape() == Shape{2, 0, 4});
  CHECK(softmax_backward(zeros({0, 3}), zeros({0, 3}), 1).shape() == Shape{0, 3});
}

TEST_CASE("softmax of large values, infinities and NaN") {
  for (const double huge : {1e4, 1e38})
    for (const double sign : {1.0, -1.0}) {
      const Tensor x = tensor({sign * huge, sign * huge, -huge});
      const double first = values(softmax(x, 0))[0];
      CHECK(first == Approx(sign > 0 ? 0.5 : 1.0 / 3));
      CHECK(std::isfinite(values(log_softmax(x, 0))[0]));
    }
  for (const int64_t n : {3, 40, 300}) {
    const Tensor none = full({2, n}, -INFINITY), x = zeros({2, n});
    CHECK(values(softmax(none, 1)) == Values(size_t(2 * n), 0));
    CHECK(values(log_softmax(none, 1)) == Values(size_t(2 * n), -INFINITY));
    CHECK(values(softmax_backward(x, softmax(none, 1), 1)) == Values(size_t(2 * n), 0));
    x[0][n - 1].fill_(NAN);
    x[1][0].fill_(-INFINITY);
    const Tensor y = softmax(x, 1);
    CHECK(std::isnan(y.at({0, 0})));
    CHECK(y.at({1, 0}) == 0);
    CHECK(y.at({1, 1}) == Approx(1.0 / double(n - 1)));
    CHECK(std::isnan(log_softmax(x, 1).at({0, 0})));
    CHECK(log_softmax(x, 1).at({1, 0}) == -INFINITY);
    for (const double odd : {double(INFINITY), double(NAN)}) {  // the whole row is odd then
      x[0].fill_(-INFINITY);
      x[0][n - 1].fill_(odd);
      const Tensor keep = ones({n}, {.dtype = u8});
      keep[0].fill_(0);
      for (const double value : values(softmax(x, 1)[0])) CHECK(std::isnan(value));
      for (const double value : values(log_softmax(x, 1)[0])) CHECK(std::isnan(value));
      CHECK(softmax(x, 1, keep).at({0, 0}) == 0);  // but for what is masked
      CHECK(std::isnan(softmax(x, 1, keep).at({0, 1})));
    }
  }
  CHECK(distance(values(softmax(add(randn({40}), 1e4), 0)), Values(40, 0)) <= 1);  // finite
}

TEST_CASE("softmax with a mask") {
  const Tensor x = randn({3, 4, 50});
  for (const Shape& shape :
       {Shape{3, 4, 50}, {50}, {4, 1}, {3, 1, 50}, {1, 4, 50}, {}, {3, 1, 1}}) {
    const Tensor mask = gt(rand(shape), 0.4);
    const Tensor wide = expand(mask, x.shape());
    CAPTURE(text(shape));
    for (const int64_t dim : {0, 1, 2}) {
      const Tensor y = softmax(x, dim, mask);
      const Values want = softmax_loops(rows_of(x, dim), size_t(x.size(dim)), rows_of(wide, dim));
      CHECK(distance(rows_of(y, dim), want) <= kernel_bars::softmax);
      CHECK(same_bits(softmax(reversed_layout(x), dim, reversed_layout(mask)), y));
      const Values got = values(y), keep = values(wide);
      bool zero = true;
      for (size_t i = 0; i < got.size(); ++i) zero &= keep[i] != 0 || got[i] == 0;
      CHECK(zero);
    }
  }
  const Tensor poisoned = full({2, 9}, NAN);  // what is masked is not looked at
  const Tensor mask = zeros({2, 9}, {.dtype = u8});
  CHECK(values(softmax(poisoned, 1, mask)) == Values(18, 0));
  mask[0][2].fill_(1);
  poisoned[0][2].fill_(1);
  CHECK(softmax(poisoned, 1, mask).at({0, 2}) == 1);
  CHECK(softmax(poisoned, 1, mask).at({0, 1}) == 0);
  CHECK(softmax(tensor(2.0), 0, tensor(1, {.dtype = u8})).item() == 1);
}

TEST_CASE("an element's softmax does not depend on its row's place") {
  const Tensor row = randn({1, 13});
  const Tensor many = softmax(repeat(row, {1000, 1}), 1);
  const Tensor one = softmax(row, 1);
  bool same = true;
  for (int64_t i = 0; i < 1000; ++i) same &= same_bits(many[i], one[0]);
  CHECK(same);
}

TEST_CASE("softmax gives the same bits for any number of threads") {
  for (const Shape& shape : {Shape{5000, 9}, {3, 30000}, {40, 50, 60}}) {
    const Tensor x = randn(shape), mask = gt(rand(shape), 0.5);
    check_threads([&] { return softmax(x, -1); });
    check_threads([&] { return softmax(x, 0, mask); });
    check_threads([&] { return log_softmax(x, -1); });
    check_threads([&] { return softmax_backward(x, x, -1); });
    check_threads([&] { return log_softmax_backward(x, x, -1); });
  }
}

TEST_CASE("softmax says what is wrong") {
  const Tensor x = zeros({2, 3});
  check_error([&] { softmax(x, 2); }, "softmax: dimension 2 is out of range for shape (2, 3)");
  check_error([&] { softmax(tensor(1.0), 1); },
              "softmax: dimension 1 is out of range for shape ()");
  check_error([&] { softmax(to(x, i64), 0); }, "softmax: expected a floating dtype");
  check_error([&] { softmax(x, 1, x); }, "softmax: the mask's dtype must be u8, got f32");
  check_error([&] { softmax(x, 1, zeros({2}, {.dtype = u8})); }, "softmax: shapes (2,) and (2, 3)");
  check_error(
      [&] {
        softmax(x, 1, zeros({4, 2, 3}, {.dtype = u8}));
      },
      "softmax: the mask (4, 2, 3) is larger than x (2, 3)");
  check_error([&] { log_softmax(x, -3); }, "log_softmax: dimension -3 is out of range");
  check_error([&] { log_softmax(to(x, u8), 0); }, "log_softmax: expected a floating dtype");
  check_error([&] { log_softmax(Tensor(), 0); }, "this Tensor is empty");
  check_error([&] { softmax_backward(zeros({2}), x, 0); },
              "softmax_backward: dy (2,) and y (2, 3)");
  check_error([&] { softmax_backward(x, to(x, heed::f64), 0); }, "softmax_backward: dtypes differ");
  check_error([&] { log_softmax_backward(x, x, 4); }, "log_softmax_backward: dimension 4");
}
