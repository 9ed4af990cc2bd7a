// The rows of autograd/elementwise.h, and its kinks.
#include "heed/autograd/elementwise.h"

#include <cmath>

#include "heed/autograd/engine.h"
#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"

using namespace heed;

namespace {

// One input: a matrix, one element, no dimension, no element.
const std::vector<Row::Shapes> unary{{{2, 3}}, {{1}}, {{}}, {{0, 3}}};
// Two inputs: alike, broadcast each way and both ways, 0-dim, empty.
const std::vector<Row::Shapes> binary{{{2, 3}, {2, 3}}, {{3}, {2, 3}}, {{2, 1, 3}, {4, 1}},
                                      {{}, {2}},        {{1}, {}},     {{0, 3}, {1, 3}}};

const Tensor mask = tensor({{1, 0, 1}, {0, 1, 0}}, {.dtype = u8});
const std::vector<Row::Shapes> masked{{{2, 3}, {2, 3}}, {{3}, {2, 1}}, {{}, {1, 3}}};

/// The derivative of a function of one number at a point, from its rule.
template <class F>
double slope(F function, double at) {
  const Variable x = Variable(tensor(at, {.dtype = f64})).requires_grad_();
  return grad(function(x), {x})[0].item();
}

}  // namespace

TEST_CASE("gradients of arithmetic") {
  check_rows({
      {"add", binary, [](auto x) { return add(x[0], x[1]); }},
      {"add", unary, [](auto x) { return 1.5 + x[0] + 2; }},
      {"sub", binary, [](auto x) { return x[0] - x[1]; }},
      {"sub", unary, [](auto x) { return 3 - (x[0] - 1.5); }},
      {"mul", binary, [](auto x) { return x[0] * x[1]; }},
      {"mul", unary, [](auto x) { return 0.5 * x[0] * 3; }},
      {"div", binary, [](auto x) { return x[0] / x[1]; }, {{}, positive}},
      {"div", unary, [](auto x) { return 3 / (x[0] / 2); }, {positive}},
      {"neg", unary, [](auto x) { return -x[0]; }},
      {"maximum", binary, [](auto x) { return maximum(x[0], x[1]); }},
      {"maximum", unary, [](auto x) { return maximum(x[0], 0.25); }},
      {"minimum", binary, [](auto x) { return minimum(x[0], x[1]); }},
      {"minimum", unary, [](auto x) { return minimum(x[0], 0.25); }},
      {"clamp", unary, [](auto x) { return clamp(x[0], -0.5, 1.25); }},
      {"clamp", unary, [](auto x) { return clamp(x[0], {}, 1); }},
      {"where", masked, [](auto x) { return where(mask, x[0], x[1]); }},
      {"where", {{{2, 3}}, {{3}}}, [](auto x) { return where(mask, x[0], 5); }},
      {"where", {{{2, 3}}, {{3}}}, [](auto x) { return where(mask, 5, x[0]); }},
  });
}

TEST_CASE("gradients of functions of one number") {
  check_rows({
      {"exp", unary, [](auto x) { return exp(x[0]); }},
      {"log", unary, [](auto x) { return log(x[0]); }, {positive}},
      {"log1p", unary, [](auto x) { return log1p(x[0]); }, {{-0.6, 2}}},
      {"sqrt", unary, [](auto x) { return sqrt(x[0]); }, {positive}},
      {"rsqrt", unary, [](auto x) { return rsqrt(x[0]); }, {positive}},
      {"square", unary, [](auto x) { return square(x[0]); }},
      {"pow", unary, [](auto x) { return pow(x[0], 3); }},
      {"pow", unary, [](auto x) { return pow(x[0], -1.5); }, {positive}},
      {"pow", unary, [](auto x) { return pow(x[0], 1); }},
      {"pow", unary, [](auto x) { return pow(x[0], 0); }},
      {"pow", binary, [](auto x) { return pow(x[0], x[1]); }, {positive, {}}},
      {"abs", unary, [](auto x) { return abs(x[0]); }, {not_zero}},
      {"sign", unary, [](auto x) { return sign(x[0]); }, {not_zero}},
      {"sin", unary, [](auto x) { return sin(x[0]); }},
      {"cos", unary, [](auto x) { return cos(x[0]); }},
      {"tanh", unary, [](auto x) { return tanh(x[0]); }},
      {"erf", unary, [](auto x) { return erf(x[0]); }},
      {"floor", unary, [](auto x) { return floor(x[0]); }, {{0.1, 0.9}}},
      {"round", unary, [](auto x) { return round(x[0]); }, {{0.6, 1.4}}},
      {"sigmoid", unary, [](auto x) { return sigmoid(x[0]); }},
      {"relu", unary, [](auto x) { return relu(x[0]); }, {not_zero}},
      {"leaky_relu", unary, [](auto x) { return leaky_relu(x[0], 0.2); }, {not_zero}},
      {"gelu", unary, [](auto x) { return gelu(x[0]); }},
      {"gelu", unary, [](auto x) { return gelu(x[0], GeluForm::tanh); }},
      {"silu", unary, [](auto x) { return silu(x[0]); }},
      {"softplus", unary, [](auto x) { return softplus(x[0]); }},
  });
}

TEST_CASE("gradients at kinks are PyTorch's") {
  CHECK(slope([](auto& x) { return relu(x); }, 0) == 0);
  CHECK(slope([](auto& x) { return leaky_relu(x, 0.25); }, 0) == 0.25);
  CHECK(slope([](auto& x) { return abs(x); }, 0) == 0);
  CHECK(slope([](auto& x) { return sign(x); }, 0) == 0);
  CHECK(slope([](auto& x) { return clamp(x, -1, 1); }, 1) == 1);
  CHECK(slope([](auto& x) { return clamp(x, -1, 1); }, -1) == 1);
  CHECK(slope([](auto& x) { return clamp(x, -1, 1); }, 1.5) == 0);
  CHECK(slope([](auto& x) { return maximum(x, 2); }, 2) == 0.5);
  CHECK(slope([](auto& x) { return minimum(x, 2); }, 2) == 0.5);
  CHECK(slope([](auto& x) { return maximum(x, x); }, 2) == 1);
  CHECK(slope([](auto& x) { return sqrt(x); }, 0) == INFINITY);
  CHECK(slope([](auto& x) { return pow(x, 0); }, 0) == 0);
  CHECK(slope([](auto& x) { return pow(x, 1); }, 0) == 1);
  CHECK(slope([](auto& x) { return pow(x, 2); }, 0) == 0);
}

TEST_CASE("gradients in the tails are finite") {
  for (const double x : {-1e4, -300.0, 300.0, 1e4}) {
    CHECK(slope([](auto& v) { return sigmoid(v); }, x) == Approx(0).margin(1e-100));
    CHECK(slope([](auto& v) { return tanh(v); }, x) == 0);
    CHECK(slope([](auto& v) { return softplus(v); }, x) == Approx(x > 0 ? 1 : 0).margin(1e-100));
    CHECK(slope([](auto& v) { return silu(v); }, x) == Approx(x > 0 ? 1 : 0).margin(1e-100));
    CHECK(slope([](auto& v) { return gelu(v); }, x) == Approx(x > 0 ? 1 : 0).margin(1e-100));
    CHECK(slope([](auto& v) { return gelu(v, GeluForm::tanh); }, x) == (x > 0 ? 1 : 0));
    CHECK(slope([](auto& v) { return erf(v); }, x) == 0);
  }
}

TEST_CASE("gradients of a value that where() leaves out still count where they are not finite") {
  // d/dx where(x > 0, log x, 0) at 0 is 0 * inf = NaN, as in PyTorch: choose the argument instead.
  const auto trap = [](auto& x) { return where(x > 0, log(x), 0); };
  const auto safe = [](auto& x) { return log(where(x > 0, x, 1)); };
  CHECK(std::isnan(slope(trap, 0)));
  CHECK(slope(safe, 0) == 0);
}
