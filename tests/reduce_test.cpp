#include "heed/core/reduce.h"

#include <functional>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

using Rule = std::function<double(const Values&)>;

/// Every result's elements, gathered by plain loops, handed to a rule.
Values by_rule(const Tensor& x, const Dims& dims, const Rule& rule) {
  std::vector<bool> reduced(size_t(x.dim()), dims.empty());
  for (int64_t dim : dims) reduced[size_t(dim < 0 ? dim + x.dim() : dim)] = true;
  int64_t results = 1;
  for (int i = 0; i < x.dim(); ++i) results *= reduced[size_t(i)] ? 1 : x.shape()[i];
  std::vector<Values> groups(static_cast<size_t>(results));
  const Values all = values(x);
  for (size_t n = 0; n < all.size(); ++n) {
    int64_t rest = int64_t(n), place = 0, step = 1;
    for (int i = x.dim() - 1; i >= 0; rest /= x.shape()[i--])
      if (!reduced[size_t(i)]) place += rest % x.shape()[i] * step, step *= x.shape()[i];
    groups[size_t(place)].push_back(all[n]);
  }
  Values out;
  for (const Values& group : groups) out.push_back(rule(group));
  return out;
}

double total(const Values& x) {
  long double sum = 0;
  for (double value : x) sum += value;
  return double(sum);
}
double average(const Values& x) { return total(x) / double(x.size()); }
double variance(const Values& x) {
  const double mean = average(x);
  long double sum = 0;
  for (double value : x) sum += (value - mean) * (value - mean);
  return double(sum) / double(x.size() - 1);
}
double length(const Values& x) {
  double sum = 0;
  for (double value : x) sum += value * value;
  return std::sqrt(sum);
}
double highest(const Values& x) { return *std::max_element(x.begin(), x.end()); }
double lowest(const Values& x) { return *std::min_element(x.begin(), x.end()); }
double log_sum(const Values& x) {
  const double most = highest(x);
  double sum = 0;
  for (double value : x) sum += std::exp(value - most);
  return most + std::log(sum);
}

struct Op {
  const char* name;
  std::function<Tensor(const Tensor&, const Dims&, bool)> run;
  Rule rule;
  double bar;
};

const Op ops[] = {
    {"sum", [](auto& x, auto& d, bool k) { return sum(x, d, k); }, total, 1e-6},
    {"mean", [](auto& x, auto& d, bool k) { return mean(x, d, k); }, average, kernel_bars::mean},
    {"var", [](auto& x, auto& d, bool k) { return var(x, d, {.keepdim = k}); }, variance,
     kernel_bars::mean},
    {"std", [](auto& x, auto& d, bool k) { return heed::std(x, d, {.keepdim = k}); },
     [](const Values& x) { return std::sqrt(variance(x)); }, kernel_bars::mean},
    {"norm", [](auto& x, auto& d, bool k) { return norm(x, 2, d, k); }, length, kernel_bars::mean},
    {"amax", [](auto& x, auto& d, bool k) { return amax(x, d, k); }, highest, 0},
    {"amin", [](auto& x, auto& d, bool k) { return amin(x, d, k); }, lowest, 0},
    {"logsumexp", [](auto& x, auto& d, bool k) { return logsumexp(x, d, k); }, log_sum,
     kernel_bars::logsumexp},
};

void check_dims(const Op& op, const Tensor& x, const Dims& dims) {
  CAPTURE(op.name, text(x.shape()), text(dims), x.is_contiguous(), text(x.dtype()));
  const Values want = by_rule(x, dims, op.rule);
  const Tensor out = op.run(x, dims, false), kept = op.run(x, dims, true);
  CHECK(out.is_contiguous());
  CHECK(distance(values(out), want) <=
        (x.dtype() == heed::f64 ? std::min(op.bar, 1e-13) : op.bar) * std::max(1.0, largest(want)));
  Shape shape = x.shape();
  for (int i = 0; i < x.dim(); ++i)
    if (dims.empty()) shape[i] = 1;
  for (int64_t dim : dims) shape[int(dim < 0 ? dim + x.dim() : dim)] = 1;
  CHECK(kept.shape() == shape);
  CHECK(same_bits(reshape(kept, out.shape()), out));
}

}  // namespace

TEST_CASE("reductions of every shape, layout and list of dims") {
  const std::vector<std::pair<Shape, std::vector<Dims>>> cases = {
      {{7}, {{}, {0}}},
      {{5, 40}, {{}, {0}, {1}, {-1}, {0, 1}}},
      {{300, 3}, {{0}, {1}, {}}},
      {{3, 700}, {{0}, {1}}},
      {{4, 5, 6}, {{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {2, 0}, {}}},
      {{1, 5, 1, 2}, {{1}, {3}, {1, 3}, {1, 2}}},
      {{3, 2, 4, 2, 3}, {{1, 3}, {0, 2, 4}, {-1, 0}}}};
  for (const Op& op : ops)
    for (const auto& [shape, lists] : cases)
      for (const Dims& dims : lists)
        for (const DType dtype : {heed::f32, heed::f64}) {
          const Tensor x = randn(shape, {.dtype = dtype});
          check_dims(op, x, dims);
          check_dims(op, reversed_layout(x), dims);
          check_dims(op, slice(cat({x, x}, -1), -1, 1, 2 * x.size(-1), 2), dims);
        }
}

TEST_CASE("reductions of long rows and columns are accurate") {
  for (const Op& op : ops) {
    check_dims(op, randn({200000}), {});
    check_dims(op, randn({70000, 3}), {0});
    check_dims(op, add(randn({2000, 40}), 1000), {0});
  }
  const Tensor x = randn({1000000});
  const double exact = total(values(x)), size = total(values(abs(x)));
  CHECK(std::abs(sum(x).item() - exact) <= 4 * std::log2(1e6) * kernel_bars::u * size);
  CHECK(std::abs(sum(to(x, heed::f64)).item() - exact) <= kernel_bars::f64 * size);
  CHECK(var(add(randn({100000}, {.dtype = heed::f64}), 1e8)).item() == Approx(1).epsilon(0.02));
}

TEST_CASE("var and norm have options") {
  const Tensor x = tensor({1.0, 2.0, 4.0, -3.0});
  CHECK(var(x, {}, {.correction = 0}).item() == Approx(6.5));
  CHECK(std::isnan(var(tensor({1.0})).item()));
  CHECK(std::isinf(var(x, {}, {.correction = 5}).item()));
  CHECK(norm(x, 1).item() == 10);
  CHECK(norm(x, INFINITY).item() == 4);
  CHECK(norm(tensor({3e38, 3e38}), 2).item() == Approx(INFINITY));
  CHECK(norm(tensor({3e30, 4e30}), 2).item() == Approx(5e30));  // the squares do not overflow
}

TEST_CASE("reductions of nothing") {
  const Tensor none = zeros({0, 3}), empty_rows = zeros({3, 0});
  CHECK(values(sum(none, {0})) == Values(3, 0));
  CHECK(sum(none).item() == 0);
  CHECK(sum(none, {1}).shape() == Shape{0});
  CHECK(std::isnan(mean(empty_rows, {1}).at({2})));
  CHECK(std::isnan(var(none).item()));
  CHECK(norm(none).item() == 0);
  CHECK(logsumexp(empty_rows, {1}).at({0}) == -INFINITY);
  CHECK(any(none).item<int>() == 0);
  CHECK(all(none).item<int>() == 1);
  CHECK(cumsum(none, 0).shape() == Shape{0, 3});
  CHECK(amax(none, {1}).shape() == Shape{0});
  CHECK(argmax(none, 1).shape() == Shape{0});
  check_error([&] { amax(none); }, "amax: nothing to choose from in shape (0, 3)");
  check_error([&] { max(none, 0); }, "max: nothing to choose from");
  check_error([&] { argmin(none); }, "argmin: nothing to choose from");
  check_error([&] { norm(none, INFINITY); }, "nothing to choose from");
  for (const Op& op : ops) {
    const Tensor point = tensor(2.5, {.dtype = heed::f64});
    CHECK(op.run(point, {}, true).dim() == 0);
  }
}

TEST_CASE("integers") {
  const Tensor x = tensor({{1, -2, 3}, {4, 5, 6}});
  CHECK(sum(x).dtype() == i64);
  CHECK(sum(x).item<int64_t>() == 17);
  CHECK(values(sum(x, {0})) == Values{5, 3, 9});
  const Tensor bytes = full({300, 300}, 255, {.dtype = u8});
  CHECK(sum(bytes).item<int64_t>() == 255 * 90000);
  CHECK(sum(bytes).dtype() == i64);
  CHECK(sum(tensor({int64_t(1) << 62, int64_t(3)})).item<int64_t>() == (int64_t(1) << 62) + 3);
  CHECK(max(x, 1).values.dtype() == i64);
  CHECK(values(max(x, 1).values) == Values{3, 6});
  CHECK(values(amin(bytes, {1})) == Values(300, 255));
  CHECK(values(cumsum(x, 1)) == Values{1, -1, 2, 4, 9, 15});
  CHECK(cumsum(bytes, 0).at({299, 0}) == 255 * 300);
  CHECK(values(any(x, {0})) == Values{1, 1, 1});
  CHECK(values(all(tensor({{1, 0}, {2, 3}}), {0})) == Values{1, 0});
  CHECK(any(x).dtype() == u8);
  CHECK(all(x, {0}, true).shape() == Shape{1, 3});
}

TEST_CASE("any and all of every dtype, shape and list of dims") {
  for (const DType dtype : {heed::f32, heed::f64, i64, u8})
    for (const Shape& shape : {Shape{5}, {1000}, {700, 300}, {300, 3}, {3, 40, 5}, {2, 70000}})
      for (const Dims& dims : {Dims{}, Dims{0}, Dims{-1}})
        for (const double share : {0.0, 0.02, 0.98, 1.0}) {
          const Tensor x = to(lt(rand(shape), share), dtype);
          const Tensor ones = sum(x, dims), size = sum(full_like(x, 1), dims);
          CAPTURE(text(shape), text(dtype), share);
          CHECK(same_bits(any(x, dims), gt(ones, 0)));
          CHECK(same_bits(all(x, dims), eq(ones, size)));
        }
  const Tensor large = tensor({int64_t(1) << 40, int64_t(0)});
  CHECK((any(large).item<int>() == 1 && all(large).item<int>() == 0));
  CHECK((any(zeros({0})).item<int>() == 0 && all(zeros({0})).item<int>() == 1));
  CHECK((any(tensor(-0.0)).item<int>() == 0 && all(tensor(NAN)).item<int>() == 1));
}
