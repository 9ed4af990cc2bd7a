// The rows of autograd/softmax.h, norm.h and loss.h.
#include "heed/autograd/softmax.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/loss.h"
#include "heed/autograd/norm.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/norm.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

const Tensor mask = tensor({{1, 0, 1}, {1, 1, 1}, {0, 0, 0}}, {.dtype = u8});
const Tensor targets = tensor({2, 0, -100, 1});

Variable leaf(std::initializer_list<std::initializer_list<Scalar>> rows) {
  return Variable(tensor(rows, {.dtype = f64})).requires_grad_();
}

/// The gradient of sum(f(x) w) with w = 1, 2, 3, ...
template <class F>
Tensor gradient(const Variable& x, F function) {
  const Variable y = function(x);
  const Tensor weights = arange(1, y.numel() + 1, 1, {.dtype = f64});
  return grad(sum(flatten(y) * weights), {x})[0].value();
}

/// The op with and without fused kernels.
template <class F>
void for_both_paths(const F& test) {
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    INFO((now ? "fused" : "by the definition"));
    test();
  }
}

// Tensors and Variables alike.
Tensor normalized(const Tensor& x, const Tensor& w, const Tensor& b) {
  return layer_norm(x, w, b).y;
}
Variable normalized(const Variable& x, const Variable& w, const Variable& b) {
  return layer_norm(x, w, b);
}

Tensor root_mean_square(const Tensor& x, const Tensor& w) { return rms_norm(x, w).y; }
Variable root_mean_square(const Variable& x, const Variable& w) { return rms_norm(x, w); }

Row cross_entropy(const char* name, Row::Shapes shapes, CrossEntropyOptions options) {
  return {name, {shapes}, [=](auto x) { return cross_entropy_rows(x[0], targets, options).loss; }};
}

}  // namespace

TEST_CASE("gradients of softmax") {
  check_rows({
      {"softmax", {{{2, 3, 4}}, {{2, 1}}, {{0, 3}}}, [](auto x) { return softmax(x[0], -1); }},
      {"softmax", {{{2, 3, 4}}}, [](auto x) { return softmax(x[0], 1); }},
      {"softmax", {{{3, 3}}, {{2, 3, 3}}}, [](auto x) { return softmax(x[0], -1, mask); }},
      {"softmax", {{{3, 3}}}, [](auto x) { return softmax(x[0], 0, mask); }},
      {"log_softmax",
       {{{2, 3, 4}}, {{2, 1}}, {{0, 3}}},
       [](auto x) { return log_softmax(x[0], -1); }},
      {"log_softmax", {{{2, 3, 4}}}, [](auto x) { return log_softmax(x[0], 0); }},
  });
}

TEST_CASE("gradients of rows that are masked or infinite throughout are zero") {
  const double inf = INFINITY;
  const Variable x = leaf({{1, -inf, 2}, {-inf, -inf, -inf}});
  const Tensor g = gradient(x, [](auto& v) { return softmax(v, -1); });
  CHECK(sum(isfinite(g)).item() == 6);
  CHECK(g.at({0, 1}) == 0);
  CHECK(equal(g[1], zeros({3}, {.dtype = f64})));

  const Tensor rows = tensor({{1, 0, 1}, {0, 0, 0}}, {.dtype = u8});
  const Variable nan = leaf({{1, NAN, 2}, {NAN, inf, -inf}});  // masked: never looked at
  const Tensor masked = gradient(nan, [&](auto& v) { return softmax(v, -1, rows); });
  CHECK(sum(isfinite(masked)).item() == 6);
  CHECK(equal(masked[1], zeros({3}, {.dtype = f64})));
  CHECK(masked.at({0, 0}) == Approx(-masked.at({0, 2})));
}

TEST_CASE("gradients of softmax at large values") {
  const Variable x = leaf({{1e4, -1e4, 1e4}});
  CHECK(allclose(gradient(x, [](auto& v) { return softmax(v, -1); }),
                 tensor({{-0.5, 0.0, 0.5}}, {.dtype = f64})));
  CHECK(allclose(gradient(x, [](auto& v) { return log_softmax(v, -1); }),
                 tensor({{-2.0, 2.0, 0.0}}, {.dtype = f64})));
}

TEST_CASE("gradients of layer_norm") {
  check_rows({
      {"layer_norm",
       {{{2, 3, 4}, {4}, {4}}, {{5}, {5}, {5}}, {{0, 3}, {3}, {3}}},
       [](auto x) { return normalized(x[0], x[1], x[2]); }},
      {"layer_norm", {{{3, 4}}}, [](auto x) { return normalized(x[0], {}, {}); }},
      {"layer_norm", {{{3, 4}, {4}}}, [](auto x) { return normalized(x[0], x[1], {}); }},
      {"layer_norm", {{{3, 4}, {4}}}, [](auto x) { return normalized(x[0], {}, x[1]); }},
  });
}

TEST_CASE("gradients of rms_norm") {
  check_rows({
      {"rms_norm",
       {{{2, 3, 4}, {4}}, {{5}, {5}}, {{0, 3}, {3}}, {{3, 0}, {0}}},
       [](auto x) { return root_mean_square(x[0], x[1]); }},
      {"rms_norm", {{{3, 4}}}, [](auto x) { return root_mean_square(x[0], {}); }},
  });
}

TEST_CASE("layer_norm of constant rows has a finite gradient, scaling the input changes nothing") {
  for_both_paths([] {
    const Variable flat = leaf({{3, 3, 3, 3}});
    CHECK(sum(isfinite(gradient(flat, [](auto& v) { return layer_norm(v); }))).item() == 4);
    const Variable x = leaf({{1, -2, 4, 0.5}});
    const auto norm_of = [](double scale) {
      return [scale](auto& v) { return layer_norm(v * scale, {}, {}, 0); };
    };
    CHECK(allclose(gradient(x, norm_of(1)), gradient(x, norm_of(100))));
  });
}

TEST_CASE("gradients of cross entropy") {
  const Tensor weight = tensor({0.5, 2.0, 1.0}, {.dtype = f64});
  check_rows({
      cross_entropy("cross_entropy_rows", {{4, 3}}, {}),
      cross_entropy("cross_entropy_rows", {{4, 5}}, {.label_smoothing = 0.1}),
      {"cross_entropy_rows",
       {{{4, 3}}, {{4, 1}}},
       [](auto x) {
         const Tensor zeros_and_ones = tensor({1, 0, 0, 1});
         return cross_entropy_rows(x[0], zeros_and_ones, {.ignore_index = 1}).loss;
       }},
  });
  const auto weighted = [&](auto x) {
    return cross_entropy_rows(x[0], targets, {.label_smoothing = 0.1, .weight = weight}).loss;
  };
  for_both_paths([&] {
    const Variable x = Variable(randn({4, 3}, {.dtype = f64})).requires_grad_();
    CHECK(gradcheck(weighted, {x}, {.second_order = true}));
  });
}

TEST_CASE("cross entropy: both paths agree, ignored rows cost nothing") {
  const Tensor weight = tensor({0.5, 2.0, 1.0}, {.dtype = f64});
  const Variable x = Variable(randn({4, 3}, {.dtype = f64})).requires_grad_();
  const auto run = [&] {
    const auto rows = cross_entropy_rows(x, targets, {.label_smoothing = 0.1, .weight = weight});
    return std::vector{rows.loss.value(), rows.weights,
                       grad(sum(square(rows.loss)), {x})[0].value()};
  };
  const auto kernel = run();
  const FusedScope scope(!fused());
  const auto other = run();
  for (size_t i = 0; i < kernel.size(); ++i) CHECK(allclose(kernel[i], other[i], 1e-12));
  CHECK(kernel[0].at({2}) == 0);
  CHECK(equal(kernel[1], tensor({1.0, 0.5, 0.0, 2.0}, {.dtype = f64})));
  CHECK(equal(kernel[2][2], zeros({3}, {.dtype = f64})));
}

TEST_CASE("cross entropy at large logits") {
  for_both_paths([] {
    const Variable x = leaf({{1e4, 0, -1e4}, {1e4, 0, -1e4}});
    const Variable loss = cross_entropy_rows(x, tensor({0, 2})).loss;
    CHECK(equal(loss.value(), tensor({0.0, 2e4}, {.dtype = f64})));
    CHECK(equal(grad(sum(loss), {x})[0].value(), tensor({{0, 0, 0}, {1, 0, -1}}, {.dtype = f64})));
  });
}

TEST_CASE("misuse of softmax and its company is refused as for tensors") {
  const Variable x = leaf({{1, 2, 3}});
  const FusedScope scope(true);  // definitions name the op that they fail in
  check_error([&] { softmax(x, 2); }, "softmax");
  check_error([&] { layer_norm(x, Variable(ones({2}, {.dtype = f64}))); }, "layer_norm");
  check_error([&] { cross_entropy_rows(x, tensor({3})); }, "cross_entropy");
  check_error([&] { cross_entropy_rows(x, tensor({0, 1})); }, "cross_entropy");
}
