#include "heed/core/batch_norm.h"

#include <cmath>

#include "heed/autograd/batch_norm.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/memory.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/nn/batch_norm.h"
#include "tests/bars.h"
#include "tests/gradient_table.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// The channels of x (N, C, ...) as rows: (C, N ...), f64.
Tensor as_rows(const Tensor& x) {
  const Tensor rows = contiguous(transpose(to(x, heed::f64), 0, 1));
  return reshape(rows, {x.size(1), x.numel() / x.size(1)});
}

void check_close(const Tensor& got, const Tensor& want, double bar) {
  const Values right = values(want);
  CHECK(distance(values(got), right) <= bar * std::max(1.0, largest(right)));
}

void check_batch_norm(const Shape& shape, DType dtype) {
  CAPTURE(text(shape), text(dtype));
  const double bar = dtype == heed::f64 ? 1e-13 : kernel_bars::gradient;
  const Tensor x = randn(shape, {.dtype = dtype}), dy = randn(shape, {.dtype = dtype});
  const Tensor w = randn({shape[1]}, {.dtype = dtype}), b = randn({shape[1]}, {.dtype = dtype});
  const Tensor rows = as_rows(x), g = as_rows(dy);
  const auto column = [](const Tensor& v) { return unsqueeze(to(v, heed::f64), 1); };
  const Tensor var = heed::var(rows, {1}, {.correction = 0, .keepdim = true});
  const Tensor rstd = rsqrt(add(var, 1e-5)), unit = (rows - mean(rows, {1}, true)) * rstd;
  const BatchNormResult out = batch_norm(reversed_layout(x), w, b);
  check_close(as_rows(out.y), unit * column(w) + column(b), bar);
  check_close(out.var, squeeze(var, 1), bar);
  const auto back = batch_norm_backward(dy, x, out.mean, out.rstd, w);
  check_close(as_rows(back.x),
              column(w) * rstd * (g - mean(g, {1}, true) - unit * mean(g * unit, {1}, true)), bar);
  check_close(back.weight, sum(g * unit, {1}), bar);
  check_close(back.bias, sum(g, {1}), bar);
}

}  // namespace

TEST_CASE("batch_norm and its gradients follow the formulas") {
  for (const DType dtype : {heed::f32, heed::f64})
    for (const Shape& shape :
         {Shape{3, 5}, {200, 7}, {50, 70}, {2, 3, 4}, {4, 6, 9, 8}, {1, 2, 50}})
      check_batch_norm(shape, dtype);
}

TEST_CASE("NaN stays in its channel, no channels are none") {
  const Tensor x = randn({4, 3});
  x[2][1].fill_(NAN);
  const Values y = values(batch_norm(x, {}, {}).y);
  for (size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i % 3 == 1));
  CHECK(batch_norm(zeros({2, 0, 3}), {}, {}).y.shape() == Shape{2, 0, 3});
  CHECK(values(batch_norm(full({2, 2}, 7), {}, ones({2})).y) == Values(4, 1));
}

TEST_CASE("batch_norm gives the same bits for any number of threads") {
  for (const Shape& shape : {Shape{60, 16, 40}, {700, 100}}) {
    const Tensor x = randn(shape);
    const BatchNormResult out = batch_norm(x, {}, {});
    check_threads([&] { return batch_norm(x, {}, {}).y; });
    check_threads([&] { return batch_norm_backward(x, out.y, out.mean, out.rstd, {}).x; });
  }
}

TEST_CASE("the layer follows its batches in training and uses what it has seen in evaluation") {
  nn::BatchNorm1d norm({.num_features = 2, .momentum = 0.5});
  const Tensor x = tensor({{1.0, 10.0}, {3.0, 30.0}}, {.dtype = heed::f32});
  norm(x);
  CHECK(values(norm.running_mean) == Values{1, 10});
  CHECK(values(norm.running_var) == Values{1.5, 100.5});  // halves of 1 and of 2, 200
  CHECK(norm.num_batches_tracked.item() == 1);
  norm.eval();
  const Values y = values(norm(x).value());
  CHECK(y[0] == 0);
  CHECK(y[3] == Approx(20 / std::sqrt(100.50001)));
  CHECK(norm.num_batches_tracked.item() == 1);

  nn::BatchNorm1d other({.num_features = 2});
  other.load_state_dict(norm.state_dict());
  other.eval();
  CHECK(values(other(x).value()) == y);
  const nn::BatchNorm1d copy = other;  // a copy has statistics of its own
  other.train();
  other(x);
  CHECK(values(copy.running_mean) == Values{1, 10});
}

TEST_CASE("evaluation is one pass, each channel scaled and shifted") {
  const Tensor x = randn({6, 4, 30, 20}), mean = randn({4}), var = rand({4}), w = randn({4});
  const Variable b(randn({4}));
  reset_peak_memory();
  const int64_t before = memory_statistics().live_bytes;
  const Tensor y = batch_norm(Variable(x), mean, var, Variable(w), b).value();
  CHECK(memory_statistics().peak_bytes - before < 2 * x.numel() * 4);
  const auto wide = [](const Tensor& v) { return reshape(to(v, heed::f64), {4, 1, 1}); };
  const Tensor unit = (to(x, heed::f64) - wide(mean)) * rsqrt(add(wide(var), 1e-5));
  check_close(y, unit * wide(w) + wide(b.value()), kernel_bars::gradient);
}

TEST_CASE("an empty batch gives an empty output and leaves the running statistics") {
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    const nn::BatchNorm2d norm({.num_features = 3});
    const Variable x = Variable(zeros({0, 3, 2, 2})).requires_grad_(), y = norm(x);
    CHECK(y.shape() == x.shape());
    CHECK(values(norm.running_mean) == Values(3, 0));
    CHECK(values(norm.running_var) == Values(3, 1));
    CHECK(norm.num_batches_tracked.item() == 1);
    sum(y).backward();
    CHECK(x.grad().shape() == x.shape());
    CHECK(values(norm.weight->grad().value()) == Values(3, 0));
  }
}

TEST_CASE("batch_norm says what is wrong") {
  const Tensor x = zeros({2, 3}), m = zeros({3});
  check_error([&] { batch_norm(zeros({3}), {}, {}); }, "batch_norm: expected x (N, C, ...)");
  check_error(
      [&] {
        batch_norm(zeros({1, 3}), {}, {});
      },
      "batch_norm: expected more than 1 value per channel when training, got x (1, 3)");
  check_error([&] { batch_norm(x, zeros({2}), {}); }, "batch_norm: expected weight (3,) for x");
  check_error([&] { batch_norm(x, {}, to(m, heed::f64)); }, "batch_norm: dtypes differ: x f32");
  check_error([&] { batch_norm(to(x, i64), {}, {}); }, "batch_norm: expected a floating dtype");
  check_error(
      [&] {
        batch_norm_backward(zeros({3, 2}), x, m, m, {});
      },
      "batch_norm_backward: dy (3, 2) and x (2, 3) must match");
  check_error([&] { batch_norm_backward(x, x, zeros({2}), m, {}); }, "expected statistics (3,)");
  check_error([] { nn::BatchNorm1d({.num_features = 0}); },
              "BatchNorm1d: num_features must be at least 1, got 0");
  check_error([] { nn::BatchNorm2d({.num_features = 1, .eps = 0}); }, "BatchNorm2d: eps must be");
  check_error([] { nn::BatchNorm1d({3, 4}); }, "BatchNorm1d: eps must be in (0, 1), got 4");
  check_error([] { nn::BatchNorm2d({.num_features = 1, .momentum = 2}); }, "momentum must be in");
  nn::BatchNorm1d one({.num_features = 3});
  nn::BatchNorm2d two({.num_features = 3});
  check_error([&] { one(zeros({2, 3, 4, 5})); }, "BatchNorm1d: expected x (N, 3) or (N, 3, L)");
  check_error([&] { two(zeros({2, 3})); }, "BatchNorm2d: expected x (N, 3, H, W), got (2, 3)");
}
