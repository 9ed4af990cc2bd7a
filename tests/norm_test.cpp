#include "heed/core/norm.h"

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// The formulas of norm.h in f64, from ops.
struct Reference {
  Tensor y, mean, rstd, dx, dweight, dbias;

  Reference(const Tensor& x32, const Tensor& w32, const Tensor& b32, const Tensor& dy32) {
    const int64_t n = x32.size(-1);
    const Tensor x = to(x32, heed::f64), dy = to(dy32, heed::f64);
    const Tensor w = w32.defined() ? to(w32, heed::f64) : ones({n}, {.dtype = heed::f64});
    const Tensor b = b32.defined() ? to(b32, heed::f64) : zeros({n}, {.dtype = heed::f64});
    mean = heed::mean(x, {-1}, true);
    rstd = rsqrt(add(var(x, {-1}, {.correction = 0, .keepdim = true}), 1e-5));
    const Tensor unit = (x - mean) * rstd, g = dy * w;
    y = unit * w + b;
    dx = rstd * (g - heed::mean(g, {-1}, true) - unit * heed::mean(g * unit, {-1}, true));
    dweight = sum(reshape(dy * unit, {x.numel() / n, n}), {0});
    dbias = sum(reshape(dy, {x.numel() / n, n}), {0});
  }
};

void check_close(const Tensor& got, const Tensor& want, double bar) {
  CAPTURE(text(got.shape()), text(want.shape()));
  REQUIRE(got.shape() == want.shape());
  const Values right = values(want);
  CHECK(distance(values(got), right) <= bar * std::max(1.0, largest(right)));
}

void check_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  CAPTURE(text(x.shape()), text(x.dtype()), weight.defined(), bias.defined());
  const bool exact = x.dtype() == heed::f64;
  const Tensor dy = randn(x.shape(), {.dtype = x.dtype()});
  const Reference want(x, weight, bias, dy);
  const LayerNormResult out = layer_norm(x, weight, bias);
  const double bar = exact ? 1e-13 : kernel_bars::layer_norm;
  check_close(out.y, want.y, bar);
  check_close(out.mean, want.mean, bar);
  check_close(out.rstd, want.rstd, bar);
  const auto back = layer_norm_backward(dy, x, out.mean, out.rstd, weight);
  const double gradient_bar = exact ? 1e-12 : kernel_bars::gradient;
  check_close(back.x, want.dx, gradient_bar * std::max(1.0, largest(values(want.rstd))));
  check_close(back.weight, want.dweight, gradient_bar);
  check_close(back.bias, want.dbias, gradient_bar);
}

}  // namespace

TEST_CASE("layer_norm and its gradients follow the formulas") {
  for (const DType dtype : {heed::f32, heed::f64})
    for (const Shape& shape :
         {Shape{2}, {4}, {5, 3}, {3, 40}, {2, 3, 64}, {300, 7}, {70, 256}, {3, 5000}}) {
      const Tensor x = randn(shape, {.dtype = dtype}), w = randn({shape.back()}, {.dtype = dtype});
      const Tensor b = randn({shape.back()}, {.dtype = dtype});
      check_layer_norm(x, w, b);
      check_layer_norm(reversed_layout(x), w, {});
      check_layer_norm(x, {}, b);
      check_layer_norm(x, {}, {});
    }
}

TEST_CASE("layer_norm of degenerate and extreme rows") {
  CHECK(layer_norm(zeros({0, 3}), ones({3}), zeros({3})).y.shape() == Shape{0, 3});
  CHECK(layer_norm(zeros({3, 0}), {}, {}).y.shape() == Shape{3, 0});
  CHECK(values(layer_norm(full({2, 1}, 5), {}, {}).y) == Values(2, 0));
  CHECK(values(layer_norm(full({2, 9}, 7), {}, full({9}, 3)).y) == Values(18, 3));
  const auto none = layer_norm(zeros({0, 3}), {}, {});
  const auto back = layer_norm_backward(zeros({0, 3}), zeros({0, 3}), none.mean, none.rstd, {});
  CHECK(values(back.weight) == Values(3, 0));
  for (const double huge : {1e4, 1e30}) {
    const Tensor y = layer_norm(tensor({huge, -huge, 2 * huge, -2 * huge}), {}, {}).y;
    CHECK(distance(values(y), Values{0.632456, -0.632456, 1.264911, -1.264911}) <= 1e-5);
  }
  const Tensor x = randn({3, 40});
  x[1][5].fill_(NAN);
  const Values y = values(layer_norm(x, {}, {}).y);
  CHECK((std::isnan(y[40]) && std::isnan(y[79]) && std::isfinite(y[39]) && std::isfinite(y[80])));
}

TEST_CASE("layer_norm does not depend on shift and scale of its input") {
  const Tensor x = randn({6, 50}, {.dtype = heed::f64});
  const Tensor y = layer_norm(x, {}, {}, 0).y;
  CHECK(allclose(layer_norm(add(mul(x, 3), 100), {}, {}, 0).y, y, 1e-10, 1e-10));
}

TEST_CASE("layer_norm gives the same bits for any number of threads") {
  const Tensor x = randn({700, 90}), w = randn({90});
  const auto forward = layer_norm(x, w, w);
  check_threads([&] { return layer_norm(x, w, w).y; });
  const auto back = [&] { return layer_norm_backward(x, x, forward.mean, forward.rstd, w); };
  check_threads([&] { return back().x; });
  check_threads([&] { return back().weight; });
  check_threads([&] { return back().bias; });
}

TEST_CASE("layer_norm says what is wrong") {
  const Tensor x = zeros({2, 3}), m = zeros({2, 1});
  check_error([&] { layer_norm(tensor(1.0), {}, {}); }, "layer_norm: expected x (..., D), got ()");
  check_error([&] { layer_norm(x, zeros({2}), {}); },
              "expected a weight (3,) for x (2, 3), got (2,)");
  check_error([&] { layer_norm(x, {}, zeros({3, 1})); }, "expected a bias (3,)");
  check_error([&] { layer_norm(x, zeros({3}, {.dtype = heed::f64}), {}); }, "layer_norm: dtypes");
  check_error([&] { layer_norm(to(x, i64), {}, {}); }, "layer_norm: expected a floating dtype");
  check_error([&] { layer_norm_backward(zeros({3}), x, m, m, {}); }, "dy (3,) and x (2, 3)");
  check_error([&] { layer_norm_backward(x, x, zeros({3, 1}), m, {}); }, "do not fit x (2, 3)");
  check_error([&] { layer_norm_backward(to(x, heed::f64), x, m, m, {}); }, "dtypes differ");
}

TEST_CASE("rms_norm and its gradients follow the formulas") {
  for (const DType dtype : {heed::f32, heed::f64})
    for (const Shape& shape : {Shape{2}, {4}, {5, 3}, {3, 40}, {2, 3, 64}, {300, 7}, {70, 256}}) {
      CAPTURE(text(shape), text(dtype));
      const bool exact = dtype == heed::f64;
      const Tensor x = randn(shape, {.dtype = dtype}), w = randn({shape.back()}, {.dtype = dtype});
      const Tensor dy = randn(shape, {.dtype = dtype});
      const Tensor x64 = to(x, heed::f64), w64 = to(w, heed::f64), g = to(dy, heed::f64) * w64;
      const Tensor rrms = rsqrt(add(mean(square(x64), {-1}, true), 1e-6)), unit = x64 * rrms;
      const auto out = rms_norm(reversed_layout(x), w);
      check_close(out.y, unit * w64, exact ? 1e-13 : kernel_bars::layer_norm);
      check_close(out.rrms, rrms, exact ? 1e-13 : kernel_bars::layer_norm);
      const auto back = rms_norm_backward(dy, x, out.rrms, w);
      const double bar = exact ? 1e-12 : kernel_bars::gradient;
      check_close(back.x, rrms * (g - unit * mean(g * unit, {-1}, true)),
                  bar * std::max(1.0, largest(values(rrms))));
      const int64_t n = shape.back();
      check_close(back.weight, sum(reshape(to(dy, heed::f64) * unit, {x.numel() / n, n}), {0}),
                  bar);
      check_close(rms_norm(x, {}).y, unit, exact ? 1e-13 : kernel_bars::layer_norm);
    }
}

TEST_CASE("rms_norm: threads, degenerate rows, misuse") {
  const Tensor x = randn({700, 90}), w = randn({90});
  const Tensor rrms = rms_norm(x, w).rrms;
  check_threads([&] { return rms_norm(x, w).y; });
  check_threads([&] { return rms_norm_backward(x, x, rrms, w).x; });
  check_threads([&] { return rms_norm_backward(x, x, rrms, w).weight; });
  CHECK(rms_norm(zeros({0, 3}), ones({3})).y.shape() == Shape{0, 3});
  CHECK(values(rms_norm(zeros({2, 3}), {}).y) == Values(6, 0));
  x[1][5].fill_(NAN);
  const Values y = values(rms_norm(x, {}).y);
  CHECK((std::isnan(y[90]) && std::isnan(y[179]) && std::isfinite(y[89]) && std::isfinite(y[180])));
  check_error([] { rms_norm(tensor(1.0), {}); }, "rms_norm: expected x (..., D), got ()");
  check_error(
      [] {
        rms_norm(zeros({2, 3}), zeros({2}));
      },
      "rms_norm: expected a weight (3,) for x (2, 3), got (2,)");
  check_error(
      [] {
        rms_norm_backward(zeros({3}), zeros({2, 3}), zeros({2, 1}), {});
      },
      "rms_norm_backward: expected dy like x (..., D), got (3,)");
  check_error(
      [] {
        rms_norm_backward(zeros({2, 3}), zeros({2, 3}), zeros({3, 1}), {});
      },
      "rrms (3, 1) does not fit x (2, 3)");
}
