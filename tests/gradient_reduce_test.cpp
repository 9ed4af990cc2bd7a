// The rows of autograd/reduce.h, and its kinks.
#include "heed/autograd/reduce.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// Is a number taken for keepdim where a list of dims was meant?
template <class X>
constexpr bool takes_two_dims = requires(X x) {
  sum(x, 0, 1);
}
|| requires(X x) { mean(x, 0, 1); }
|| requires(X x) { norm(x, 2, 0, 1); }
|| requires(X x) { logsumexp(x, 0, 1); }
|| requires(X x) { amax(x, 0, 1); }
|| requires(X x) { max(x, 0, 1); };
static_assert(!takes_two_dims<Tensor> && !takes_two_dims<Variable>);

// Several dimensions, one, none, one element.
const std::vector<Row::Shapes> shapes{{{2, 3, 4}}, {{5}}, {{}}, {{1, 1}}};
const std::vector<Row::Shapes> and_empty{{{2, 3, 4}}, {{5}}, {{}}, {{1, 1}}, {{2, 0}}};
const std::vector<Row::Shapes> cubes{{{2, 3, 4}}, {{3, 1, 1}}};

Variable leaf(std::initializer_list<Scalar> values) {
  return Variable(tensor(values, {.dtype = f64})).requires_grad_();
}

template <class F>
Tensor gradient(const Variable& x, F function) {
  return grad(sum(function(x)), {x})[0].value();
}
Tensor numbers(std::initializer_list<Scalar> values) { return tensor(values, {.dtype = f64}); }

}  // namespace

TEST_CASE("gradients of sums and means") {
  check_rows({
      {"sum", and_empty, [](auto x) { return sum(x[0]); }},
      {"sum", cubes,
       [](auto x) {
         return sum(x[0], {0, -1});
       }},
      {"sum", {{{2, 3, 4}}, {{2, 0, 3}}, {{0, 2, 3}}}, [](auto x) { return sum(x[0], {1}, true); }},
      {"mean", shapes, [](auto x) { return mean(x[0]); }},
      {"mean",
       {{{2, 3, 4}}, {{0, 2, 3}}},
       [](auto x) {
         return mean(x[0], {1, 2}, true);
       }},
      {"cumsum", {{{2, 3, 4}}, {{1, 1}}, {{2, 0}}}, [](auto x) { return cumsum(x[0], 1); }},
      {"cumsum", {{{5}}, {{1}}, {{}}}, [](auto x) { return cumsum(x[0], -1); }},
  });
}

TEST_CASE("gradients of spreads") {
  check_rows({
      {"var", {{{2, 3, 4}}, {{5}}}, [](auto x) { return var(x[0]); }},
      {"var",
       {{{2, 3, 4}}, {{0, 2, 3}}},
       [](auto x) {
         return var(x[0], {1, -1});
       }},
      {"var", shapes, [](auto x) { return var(x[0], {}, {.correction = 0, .keepdim = true}); }},
      {"std", {{{2, 3, 4}}, {{5}}}, [](auto x) { return heed::std(x[0]); }},
      {"std",
       {{{2, 3, 4}}},
       [](auto x) {
         return heed::std(x[0], {0, 1}, {.correction = 0});
       }},
      {"norm", shapes, [](auto x) { return norm(x[0]); }, {not_zero}},
      {"norm",
       cubes,
       [](auto x) {
         return norm(x[0], 2, {0, 2}, true);
       },
       {not_zero}},
      {"norm", cubes, [](auto x) { return norm(x[0], 1, {1}); }, {not_zero}},
      {"norm", cubes, [](auto x) { return norm(x[0], INFINITY, {-1}); }, {not_zero}},
      {"logsumexp", shapes, [](auto x) { return logsumexp(x[0]); }},
      {"logsumexp", cubes,
       [](auto x) {
         return logsumexp(x[0], {0, 2});
       }},
  });
}

TEST_CASE("gradients of extreme elements") {
  check_rows({
      {"max", shapes, [](auto x) { return max(x[0]); }},
      {"max", cubes, [](auto x) { return max(x[0], 1).values; }},
      {"max", cubes, [](auto x) { return max(x[0], -1, true).values; }},
      {"min", shapes, [](auto x) { return min(x[0]); }},
      {"min", cubes, [](auto x) { return min(x[0], 0).values; }},
      {"amax", shapes, [](auto x) { return amax(x[0]); }},
      {"amax", cubes,
       [](auto x) {
         return amax(x[0], {0, 2});
       }},
      {"amin", cubes, [](auto x) { return amin(x[0], {1}, true); }},
  });
}

TEST_CASE("gradients of reductions at kinks are PyTorch's") {
  const Variable ties = leaf({3, 7, 7, 1});
  CHECK(equal(gradient(ties, [](auto& x) { return max(x); }), numbers({0, 0.5, 0.5, 0})));
  CHECK(equal(gradient(-ties, [](auto& x) { return min(x); }), numbers({0, 0.5, 0.5, 0})));
  CHECK(equal(gradient(ties, [](auto& x) { return amax(x); }), numbers({0, 0.5, 0.5, 0})));
  CHECK(equal(gradient(-ties, [](auto& x) { return amin(x); }), numbers({0, 0.5, 0.5, 0})));
  CHECK(equal(gradient(ties, [](auto& x) { return max(x, 0).values; }), numbers({0, 1, 0, 0})));
  CHECK(equal(gradient(-ties, [](auto& x) { return min(x, 0).values; }), numbers({0, 1, 0, 0})));
  CHECK(equal(max(ties, 0).indices, tensor(1)));

  const Variable zero = leaf({0, 0});
  CHECK(equal(gradient(zero, [](auto& x) { return norm(x); }), numbers({0, 0})));
  CHECK(equal(gradient(zero, [](auto& x) { return norm(x, 1); }), numbers({0, 0})));
  CHECK(equal(gradient(zero, [](auto& x) { return heed::std(x); }), numbers({0, 0})));
  CHECK(equal(gradient(leaf({2, 2}), [](auto& x) { return var(x); }), numbers({0, 0})));
  // Also where the gradient is recorded.
  const auto recorded = grad(norm(zero) + heed::std(zero), {zero}, {.create_graph = true});
  CHECK(equal(recorded[0].value(), numbers({0, 0})));
}

TEST_CASE("gradients of logsumexp stay finite") {
  const Variable large = leaf({1e4, 1e4, -1e4});
  CHECK(allclose(gradient(large, [](auto& x) { return logsumexp(x); }), numbers({0.5, 0.5, 0})));
  const Variable none = leaf({-INFINITY, -INFINITY});
  CHECK(equal(gradient(none, [](auto& x) { return logsumexp(x); }), numbers({0, 0})));
}

TEST_CASE("a mean of nothing is NaN and gives an empty gradient") {
  const Variable x = Variable(zeros({0, 3}, {.dtype = f64})).requires_grad_();
  CHECK(std::isnan(mean(x).item()));
  CHECK(gradient(x, [](auto& v) { return mean(v, {0}); }).shape() == Shape{0, 3});
  check_error([&] { max(x); }, "max");
}
