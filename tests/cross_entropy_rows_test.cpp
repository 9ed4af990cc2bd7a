#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/loss.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/softmax.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// Loss and gradient of one row in double, term by term.
struct Row {
  double loss = 0, weight = 0, lse = 0;
  Values gradient;

  Row(const Values& x, int64_t target, const Values& w, const CrossEntropyOptions& o) {
    const size_t n = x.size();
    const double most = *std::max_element(x.begin(), x.end()), s = o.label_smoothing;
    double sum = 0;
    for (double value : x) sum += std::exp(value - most);
    lse = most + std::log(sum);
    gradient.assign(n, 0);
    if (target == o.ignore_index) return;
    weight = w[size_t(target)];
    Values p;
    for (double value : x) p.push_back(std::exp(value - most) / sum);
    for (size_t c = 0; c < n; ++c) {
      const double share = (size_t(target) == c ? (1 - s) * w[c] : 0) + s / double(n) * w[c];
      const double log_p = (x[c] - most) - std::log(sum);
      if (share == 0) continue;
      loss -= share * log_p;
      for (size_t d = 0; d < n; ++d) gradient[d] += share * (p[d] - (c == d ? 1 : 0));
    }
  }
};

void check_rows(const Tensor& logits, const Tensor& targets, const CrossEntropyOptions& options) {
  CAPTURE(text(logits.shape()), text(logits.dtype()), options.label_smoothing);
  const int64_t rows = logits.size(0), n = logits.size(1);
  const Tensor scale = randn({rows}, {.dtype = logits.dtype()});
  const Values w = options.weight.defined() ? values(options.weight) : Values(size_t(n), 1);
  Values loss, weights, lse, gradient;
  for (int64_t i = 0; i < rows; ++i) {
    const Row row(values(logits[i]), int64_t(targets.at({i})), w, options);
    loss.push_back(row.loss);
    weights.push_back(row.weight);
    lse.push_back(row.lse);
    for (double value : row.gradient) gradient.push_back(scale.at({i}) * value);
  }
  const auto out = cross_entropy_rows(logits, targets, options);
  const bool exact = logits.dtype() == heed::f64;
  const double bar = exact ? kernel_bars::f64 : kernel_bars::logsumexp;
  for (size_t i = 0; i < loss.size(); ++i)
    CHECK(values(out.loss)[i] == Approx(loss[i]).epsilon(2 * bar).margin(1e-300));
  CHECK(distance(values(out.lse), lse) <= bar * std::max(1.0, largest(lse)));
  CHECK(distance(values(out.weights), weights) <= 1e-7);
  const Tensor dx = cross_entropy_rows_backward(scale, logits, targets, out.lse, options);
  CHECK(distance(values(dx), gradient) <=
        (exact ? 1e-13 : kernel_bars::gradient) * std::max(1.0, largest(gradient)));
}

Tensor some_targets(int64_t rows, int64_t classes) {
  Tensor targets = randint(0, classes, {rows});
  if (rows > 1) targets[1].fill_(-100);
  return targets;
}

}  // namespace

TEST_CASE("cross_entropy_rows follows PyTorch's formula") {
  heed::manual_seed(1);
  for (const DType dtype : {heed::f32, heed::f64})
    for (const auto& [rows, n] :
         {std::pair<int64_t, int64_t>{1, 1}, {4, 3}, {70, 30}, {6, 80}, {3, 3000}}) {
      const Tensor x = mul(randn({rows, n}, {.dtype = dtype}), 2), t = some_targets(rows, n);
      const Tensor weight = rand({n}, {.dtype = dtype});
      for (const double smoothing : {0.0, 0.1, 1.0}) {
        check_rows(x, t, {.label_smoothing = smoothing});
        check_rows(reversed_layout(x), t, {.label_smoothing = smoothing, .weight = weight});
      }
      check_rows(add(x, dtype == heed::f32 ? 1e4 : 100), t, {});
    }
  check_rows(randn({5, 4}), tensor({0, 2, 2, 3, 1}), {.ignore_index = 2});
}

TEST_CASE("cross_entropy_rows keeps small losses and large logits") {
  const Tensor sure = tensor({{0.0, 20.0, -5.0}}), one = tensor({1});
  const double tiny = std::log1p(std::exp(-20.0) + std::exp(-25.0));
  CHECK(cross_entropy_rows(sure, one).loss.item() == Approx(tiny).epsilon(1e-6));
  for (const double huge : {1e4, 1e38}) {
    const Tensor x = tensor({{huge, -huge}, {-huge, huge}}), t = tensor({0, 0});
    const auto out = cross_entropy_rows(x, t);
    CHECK(out.loss.at({0}) == 0);
    CHECK(out.loss.at({1}) == Approx(2 * huge));
    const Tensor dx = cross_entropy_rows_backward(ones({2}), x, t, out.lse);
    CHECK(values(dx) == Values{0, 0, -1, 1});
  }
  const Tensor cut = tensor({{0.0, -INFINITY}}), zero = tensor({0});  // a class that cannot be
  CHECK(cross_entropy_rows(cut, zero).loss.item() == 0);
  CHECK(cross_entropy_rows(cut, one).loss.item() == INFINITY);
  CHECK(std::isnan(cross_entropy_rows(tensor({{NAN, 0.0}}), zero).loss.item()));
}

TEST_CASE("cross_entropy_rows of nothing") {
  const auto out = cross_entropy_rows(zeros({0, 5}), zeros({0}, {.dtype = i64}));
  CHECK(out.loss.shape() == Shape{0});
  const Tensor t = full({2}, -100, {.dtype = i64});
  const auto ignored = cross_entropy_rows(full({2, 3}, NAN), t);
  CHECK(values(ignored.loss) == Values(2, 0));
  CHECK(values(ignored.weights) == Values(2, 0));
  CHECK(values(cross_entropy_rows_backward(ones({2}), full({2, 3}, NAN), t, ignored.lse)) ==
        Values(6, 0));
}

TEST_CASE("cross_entropy_rows gives the same bits for any number of threads") {
  const Tensor x = randn({3000, 30}), t = some_targets(3000, 30);
  const auto out = cross_entropy_rows(x, t, {.label_smoothing = 0.1});
  check_threads([&] { return cross_entropy_rows(x, t, {.label_smoothing = 0.1}).loss; });
  check_threads([&] { return cross_entropy_rows_backward(ones({3000}), x, t, out.lse); });
}

TEST_CASE("cross_entropy_rows says what is wrong") {
  const Tensor x = zeros({2, 3}), t = tensor({0, 1});
  check_error([&] { cross_entropy_rows(zeros({3}), t); }, "expected logits (N, C), got (3,)");
  check_error([&] { cross_entropy_rows(x, zeros({2})); }, "targets must be i64, got f32");
  check_error([&] { cross_entropy_rows(x, tensor({0, 1, 2})); }, "expected targets (2,)");
  check_error(
      [&] {
        cross_entropy_rows(x, tensor({0, 3}));
      },
      "cross_entropy: target 3 of row 1 is out of range for 3 classes");
  check_error([&] { cross_entropy_rows(x, tensor({-1, 0})); }, "target -1 of row 0");
  check_error([&] { cross_entropy_rows(x, t, {.label_smoothing = 1.5}); }, "[0, 1], got 1.5");
  check_error([&] { cross_entropy_rows(x, t, {.weight = zeros({2})}); }, "expected weight (3,)");
  check_error([&] { cross_entropy_rows(x, t, {.weight = zeros({3}, {.dtype = heed::f64})}); },
              "dtypes differ: logits f32, weight f64");
  check_error([&] { cross_entropy_rows(to(x, i64), t); }, "expected a floating dtype");
  check_error([&] { cross_entropy_rows_backward(x, x, t, zeros({2}, {.dtype = heed::f64})); },
              "expected dloss (2,) f32, got (2, 3) f32");
}
