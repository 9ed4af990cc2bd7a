// max, min, argmax, argmin, cumsum, NaN, threads and errors of reductions.
#include <limits>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// max(x, dim) by plain loops: the first NaN, or the first of the largest.
void check_extreme(const Tensor& x, int64_t dim, bool smallest) {
  CAPTURE(text(x.shape()), dim, smallest, text(x.dtype()), x.is_contiguous());
  const ExtremeResult out = smallest ? min(x, dim) : max(x, dim);
  const Tensor rows = contiguous(transpose(x, dim, -1));
  const Tensor got = contiguous(transpose(unsqueeze(out.values, dim), dim, -1));
  const Tensor places = contiguous(transpose(unsqueeze(out.indices, dim), dim, -1));
  const Values all = values(rows), picked = values(got), where = values(places);
  const size_t n = size_t(rows.size(-1));
  bool right = true;
  for (size_t row = 0; row < picked.size(); ++row) {
    size_t best = 0;
    for (size_t i = 1; i < n; ++i) {
      const double a = all[row * n + i], b = all[row * n + best];
      if ((smallest ? a < b : a > b) || (std::isnan(a) && !std::isnan(b))) best = i;
    }
    const double value = all[row * n + best];
    right &= where[row] == double(best) && (picked[row] == value || std::isnan(value));
    right &= std::isnan(picked[row]) == std::isnan(value);
  }
  CHECK(right);
  CHECK(same_bits(smallest ? argmin(x, dim) : argmax(x, dim), out.indices));
  CHECK(same_bits(smallest ? amin(x, {dim}) : amax(x, {dim}), out.values));
}

}  // namespace

TEST_CASE("max and min along a dimension find the first extreme") {
  for (const Shape& shape : {Shape{1},
                             {9},
                             {100},
                             {5, 9},
                             {9, 5},
                             {70000},
                             {70000, 2},
                             {3, 200},
                             {200, 3},
                             {4, 5, 6},
                             {3, 600},
                             {2, 40, 600}}) {
    const Tensor ties = to(mul(randn(shape), 2), i64);  // many equal numbers
    for (const DType dtype : {heed::f32, heed::f64, i64, u8})
      for (int64_t dim = 0; dim < ties.dim(); ++dim)
        for (const bool smallest : {false, true}) {
          check_extreme(to(ties, dtype), dim, smallest);
          if (ties.numel() < 5000) check_extreme(reversed_layout(to(ties, dtype)), dim, smallest);
        }
    const Tensor holes =
        where(gt(rand(shape), 0.97), full(shape, not_a_number), to(ties, heed::f32));
    for (int64_t dim = 0; dim < ties.dim(); ++dim) check_extreme(holes, dim, false);
    for (int64_t dim = 0; dim < ties.dim(); ++dim) check_extreme(holes, dim, true);
  }
}

TEST_CASE("argmax of a whole tensor counts in row-major order") {
  const Tensor x = tensor({{1.0, 7.0, 2.0}, {9.0, 0.0, 9.0}});
  CHECK(argmax(x).item<int64_t>() == 3);
  CHECK(argmax(transpose(x, 0, 1)).item<int64_t>() == 1);
  CHECK(argmin(x).item<int64_t>() == 4);
  CHECK(argmax(x).dim() == 0);
  CHECK(max(x).item() == 9);
  CHECK(min(x).item() == 0);
  CHECK(max(x, 1, true).indices.shape() == Shape{2, 1});
  CHECK(argmax(tensor(5.0)).item<int64_t>() == 0);
  CHECK(max(tensor({-INFINITY, -INFINITY})).item() == -INFINITY);
  CHECK(argmax(tensor({-INFINITY, -INFINITY})).item<int64_t>() == 0);
  CHECK(amax(tensor({std::numeric_limits<int64_t>::min()})).item<int64_t>() ==
        std::numeric_limits<int64_t>::min());
}

TEST_CASE("cumsum") {
  for (const Shape& shape : {Shape{5}, {3, 70}, {70, 3}, {4, 5, 6}, {2, 3, 600}})
    for (int64_t dim = 0; dim < shape.size(); ++dim) {
      const Tensor x = randn(shape), y = cumsum(x, dim), t = cumsum(reversed_layout(x), dim);
      CAPTURE(text(shape), dim);
      CHECK(y.shape() == shape);
      CHECK(same_bits(y, t));
      for (int64_t i = 0; i < shape[int(dim)]; ++i)
        CHECK(distance(values(select(y, dim, i)),
                       values(sum(narrow(to(x, heed::f64), dim, 0, i + 1), {dim}))) <= 2e-6);
    }
  CHECK(cumsum(tensor(3.0), 0).item() == 3);
  CHECK(cumsum(tensor(3, {.dtype = u8}), -1).dtype() == i64);
}

TEST_CASE("NaN and infinities come through") {
  for (const int64_t n : {2, 9, 33, 100, 3000}) {
    const Tensor x = zeros({n});
    x[n - 1].fill_(not_a_number);
    CAPTURE(n);
    for (const Tensor& y : {sum(x), mean(x), var(x), heed::std(x), norm(x), norm(x, 1), max(x),
                            min(x), amax(x), logsumexp(x), cumsum(x, 0)[n - 1]})
      CHECK(std::isnan(y.item()));
    CHECK(any(x).item<int>() == 1);
    CHECK(argmin(x).item<int64_t>() == n - 1);
    x[n - 1].fill_(INFINITY);
    CHECK(sum(x).item() == INFINITY);
    CHECK(logsumexp(x).item() == INFINITY);
    CHECK(std::isnan(var(x).item()));
  }
  CHECK(logsumexp(full({3}, -INFINITY)).item() == -INFINITY);
}

TEST_CASE("large values") {
  CHECK(logsumexp(tensor({1e4, 1e4, -1e4})).item() == Approx(1e4 + std::log(2.0)));
  CHECK(logsumexp(tensor({-1e38, -1e38})).item() == Approx(-1e38));
  CHECK(logsumexp(tensor({1e38, -1e38})).item() == Approx(1e38));
  CHECK(mean(tensor({3e38, 3e38, -3e38})).item() == Approx(1e38));  // no overflow on the way
  CHECK(max(tensor({1e38, -1e38})).item() == Approx(1e38));
}

TEST_CASE("reductions give the same bits for any number of threads") {
  for (const Tensor& x : {randn({300000}), randn({700, 300}), randn({20, 300, 40})})
    for (const Dims& dims : {Dims{}, Dims{0}, Dims{-1}}) {
      check_threads([&] { return sum(x, dims); });
      check_threads([&] { return var(x, dims); });
      check_threads([&] { return norm(x, 2, dims); });
      check_threads([&] { return amax(x, dims); });
      check_threads([&] { return logsumexp(x, dims); });
      check_threads([&] { return argmax(x, 0); });
      check_threads([&] { return cumsum(x, -1); });
    }
}

TEST_CASE("reductions say what is wrong") {
  const Tensor x = zeros({2, 3}), whole = zeros({2}, {.dtype = i64});
  check_error([&] { sum(x, {2}); }, "sum: dimension 2 is out of range for shape (2, 3)");
  check_error([&] { sum(x, {0, -2}); }, "sum: dimension -2 appears twice in (0, -2)");
  check_error([&] { sum(Tensor()); }, "this Tensor is empty");
  check_error([&] { mean(whole); }, "mean: expected a floating dtype (f32 or f64), got i64");
  check_error([&] { mean(x, {-3}); }, "mean: dimension -3 is out of range");
  check_error([&] { var(whole); }, "var: expected a floating dtype");
  check_error([&] { heed::std(x, {1, 1}); }, "std: dimension 1 appears twice");
  check_error([&] { norm(x, 3); }, "norm: expected p = 1, 2 or infinity, got 3");
  check_error([&] { norm(whole); }, "norm: expected a floating dtype");
  check_error([&] { logsumexp(whole); }, "logsumexp: expected a floating dtype");
  check_error([&] { max(x, 5); }, "max: dimension 5 is out of range");
  check_error([&] { argmax(x, -4); }, "argmax: dimension -4 is out of range");
  check_error([&] { amin(x, {0, 0}); }, "amin: dimension 0 appears twice");
  check_error([&] { cumsum(x, 2); }, "cumsum: dimension 2 is out of range");
  check_error([&] { any(x, {7}); }, "dimension 7 is out of range");
}
