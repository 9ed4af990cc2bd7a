// The checker itself: right rules pass, planted wrong ones do not.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/record.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

namespace {

Variable leaf(const Shape& shape, uint64_t seed = 3) {
  Generator generator(seed);
  return Variable(uniform(shape, 0.5, 2, {.dtype = f64, .generator = &generator})).requires_grad_();
}

/// y = x^2 with whatever rule it is given: (incoming gradient, x) -> gradient of x.
template <class Rule>
auto square_with(Rule rule) {
  static constexpr Op op{"planted", "y = x^2", "a rule under test"};
  return [rule](std::span<const Variable> x) {
    return record(op, square(x[0].value()),
                  input(x[0], [rule, x = save(x[0])](const Variable& g) { return rule(g, *x); }));
  };
}

template <class Rule>
GradcheckResult check(Rule rule, bool second_order = false, const Shape& shape = {3, 3}) {
  return gradcheck(square_with(rule), {leaf(shape)}, {.second_order = second_order});
}

}  // namespace

TEST_CASE("gradcheck passes a right rule") {
  const auto right = [](auto& g, auto& x) { return 2 * g * x; };
  CHECK(check(right, true));
  CHECK(check(right).message == "");
  CHECK(check(right, true, {}));
  CHECK(check(right, true, {0, 2}));
  CHECK(check(right, true, {20, 50}));
}

TEST_CASE("gradcheck fails planted wrong rules") {
  CHECK_FALSE(check([](auto& g, auto& x) { return 2.00001 * g * x; }));             // factor
  CHECK_FALSE(check([](auto& g, auto& x) { return -2 * g * x; }));                  // sign
  CHECK_FALSE(check([](auto& g, auto& x) { return transpose(2 * g * x, 0, 1); }));  // transposed
  CHECK_FALSE(check([](auto& g, auto& x) { return 2 * transpose(g, 0, 1) * x; }));
  CHECK_FALSE(check([](auto& g, auto& x) { return g * x; }));      // dropped term
  CHECK_FALSE(check([](auto& g, auto& x) { return g * x * 0; }));  // zero
  CHECK_FALSE(check([](auto&, auto& x) { return 2 * x; }));        // not times g
  CHECK_FALSE(check([](auto&, auto&) { return Variable(); }));     // none
  CHECK_FALSE(check([](auto& g, auto& x) { return 2 * g * x / Variable(zeros_like(x.value())); }));
}

TEST_CASE("gradcheck finds one wrong element among a thousand") {
  const auto wrong = [](auto& g, auto& x) {
    const Variable right = 2 * g * x;
    right.value().mutable_data<double>()[517] *= 1.1;
    return right;
  };
  const GradcheckResult result = check(wrong, false, {20, 50});
  REQUIRE_FALSE(result.ok);
  CHECK(result.index == Dims{10, 17});
  CHECK(result.analytic / result.numeric == Approx(1.1));
  CHECK(result.error == Approx(0.1 / 1.1));
  CHECK(result.message.find("input 0 at (10, 17): analytic ") != std::string::npos);
}

TEST_CASE("gradcheck finds a second derivative that is wrong where the first is right") {
  const auto forgets = [](auto& g, auto& x) { return 2 * g * x.detach(); };
  CHECK(check(forgets));
  const GradcheckResult result = check(forgets, true);
  REQUIRE_FALSE(result.ok);
  CHECK(result.order == 2);
  CHECK(result.message.find("order 2, input 0 at (") != std::string::npos);
}

TEST_CASE("gradcheck names the wrong one of several inputs, in any memory order") {
  static constexpr Op op{"planted", "y = a b", "db wrong"};
  const auto product = [](std::span<const Variable> x) {
    return record(op, x[0].value() * x[1].value(),
                  input(x[0], [b = save(x[1])](const Variable& g) { return g * *b; }),
                  input(x[1], [a = save(x[0])](const Variable& g) { return g + *a; }));
  };
  const Tensor block = leaf({3, 2}, 5).value();
  const Variable turned = Variable(transpose(block, 0, 1)).requires_grad_();
  const GradcheckResult result = gradcheck(product, {leaf({2, 3}), turned});
  REQUIRE_FALSE(result.ok);
  CHECK(result.input == 1);
}

TEST_CASE("gradcheck leaves out kinks and says how many") {
  const Variable x = Variable(tensor({-1, 0, 2}, {.dtype = f64})).requires_grad_();
  const auto result = gradcheck([](auto in) { return relu(in[0]); }, {x});
  CHECK(result.ok);
  CHECK(result.kinks == 1);
  CHECK(gradcheck([](auto in) { return abs(in[0]); }, {x}).ok);  // the mean of both slopes
  // Near a kink, but not on it, the smaller step decides.
  const Variable close = Variable(tensor({-1, 3e-4, 2}, {.dtype = f64})).requires_grad_();
  const auto near = gradcheck([](auto in) { return relu(in[0]); }, {close});
  CHECK(near.ok);
  CHECK(near.kinks == 0);
}

TEST_CASE("gradcheck of several outputs") {
  const auto pair = [](auto x) { return std::vector{exp(x[0]), x[0] * x[1]}; };
  CHECK(gradcheck(pair, {leaf({2, 3}), leaf({3})}, {.second_order = true}));
  const auto one_wrong = [&](auto x) {
    return std::vector{exp(x[0]), square_with([](auto& g, auto& x) { return g * x; })(x)};
  };
  CHECK_FALSE(gradcheck(one_wrong, {leaf({2, 3})}));
}

TEST_CASE("gradcheck puts the numbers back") {
  const Variable x = leaf({4, 5});
  const Tensor before = clone(x.value());
  gradcheck([](auto in) { return exp(in[0]); }, {x});
  CHECK(equal(x.value(), before));
  int calls = 0;
  const auto throws = [&](auto in) {
    if (++calls == 6) fail("enough");
    return exp(in[0]);
  };
  check_error([&] { gradcheck(throws, {x}); }, "enough");
  CHECK(equal(x.value(), before));
}

TEST_CASE("gradcheck refuses what it cannot check") {
  const auto same = [](auto x) { return x[0] * 1; };
  const Tensor numbers = ones({2, 3}, {.dtype = f64});
  check_error([&] { gradcheck(same, {Variable(numbers)}); }, "input 0 must be a leaf of f64");
  check_error([&] { gradcheck(same, {Variable(ones({2})).requires_grad_()}); }, "leaf of f64");
  check_error([&] { gradcheck(same, {leaf({2}) * 2}); }, "leaf of f64");
  const Variable wide = Variable(expand(ones({1, 3}, {.dtype = f64}), {2, 3})).requires_grad_();
  check_error([&] { gradcheck(same, {wide}); }, "input 0 is expanded");
  check_error([&] { gradcheck([](auto x) { return x[0].detach(); }, {leaf({2})}); },
              "no output of the function requires a gradient");
  check_error(
      [&] { gradcheck([](auto x) { return x[0] * rand({2}, {.dtype = f64}); }, {leaf({2})}); },
      "two results for the same inputs");
}
