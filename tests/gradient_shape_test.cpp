// The rows of autograd/shape.h.
#include "heed/autograd/shape.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

Variable leaf(const Tensor& x) { return Variable(to(x, f64)).requires_grad_(); }

/// The gradient of sum(f(x) w) where w counts 1, 2, 3, ...
template <class F>
Tensor counted(const Variable& x, F function) {
  const Variable y = function(x);
  const Tensor weights = reshape(arange(1, y.numel() + 1, 1, {.dtype = f64}), y.shape());
  return grad(sum(y * weights), {x})[0].value();
}

}  // namespace

TEST_CASE("gradients of views") {
  check_rows({
      {"reshape",
       {{{2, 6}}, {{0, 4}}},
       [](auto x) {
         return reshape(x[0], {4, -1});
       }},
      {"reshape",
       {{{1}}, {{}}},
       [](auto x) {
         return reshape(x[0], {1, 1});
       }},
      {"flatten", {{{2, 3, 2}}, {{0, 3, 1}}}, [](auto x) { return flatten(x[0], 1); }},
      {"flatten", {{{}}, {{1}}}, [](auto x) { return flatten(x[0]); }},
      {"permute",
       {{{2, 3, 4}}, {{0, 1, 2}}},
       [](auto x) {
         return permute(x[0], {2, 0, -2});
       }},
      {"transpose", {{{2, 3, 4}}, {{0, 1, 2}}}, [](auto x) { return transpose(x[0], 0, -1); }},
      {"expand",
       {{{2, 1}}, {{1}}, {{}}, {{2, 3}}},
       [](auto x) {
         return expand(x[0], {4, 2, 3});
       }},
      {"expand",
       {{{1, 2}}, {{1, 0}}},
       [](auto x) {
         return expand(x[0], {3, -1});
       }},
      {"squeeze", {{{1, 2, 1}}, {{1}}, {{0, 1}}}, [](auto x) { return squeeze(x[0]); }},
      {"squeeze", {{{1, 2, 1}}, {{3}}, {{0, 1}}}, [](auto x) { return squeeze(x[0], -1); }},
      {"unsqueeze", {{{2, 3}}, {{}}, {{0}}}, [](auto x) { return unsqueeze(x[0], -1); }},
      {"narrow", {{{2, 5}}, {{1, 3}}, {{0, 3}}}, [](auto x) { return narrow(x[0], -1, 1, 2); }},
      {"narrow", {{{3, 2}}}, [](auto x) { return narrow(x[0], 0, -2, 2); }},
      {"narrow", {{{3, 2}}}, [](auto x) { return narrow(x[0], 0, 3, 0); }},
      {"select", {{{2, 3}}, {{1, 2}}, {{0, 2}}}, [](auto x) { return select(x[0], 1, -1); }},
      {"select", {{{2, 3}}, {{1}}}, [](auto x) { return x[0][0]; }},
      {"slice", {{{7, 2}}, {{2, 1}}, {{0, 2}}}, [](auto x) { return slice(x[0], 0, 1, 6, 2); }},
      {"slice", {{{7}}, {{2}}, {{1}}}, [](auto x) { return slice(x[0], 0, -3, -1); }},
      {"slice", {{{7}}}, [](auto x) { return slice(x[0], -1, 2, 3, 1000); }},
  });
}

TEST_CASE("gradients of parts") {
  check_rows({
      {"split", {{{5, 2}}, {{1, 3}}}, [](auto x) { return split(x[0], 2); }},
      {"split",
       {{{2, 5}}, {{0, 5}}},
       [](auto x) {
         return split(x[0], {1, 0, 4}, -1);
       }},
      {"chunk", {{{5, 2}}, {{1, 2}}}, [](auto x) { return chunk(x[0], 2); }},
      {"unbind", {{{3, 2}}, {{1}}, {{4, 0}}}, [](auto x) { return unbind(x[0]); }},
      {"unbind", {{{2, 3}}}, [](auto x) { return unbind(x[0], -1); }},
  });
}

TEST_CASE("gradients of copies") {
  check_rows({
      {"clone", {{{2, 3}}, {{}}, {{0}}}, [](auto x) { return clone(x[0]); }},
      {"contiguous",
       {{{2, 3}}, {{1}}},
       [](auto x) { return contiguous(transpose(x[0] * 1, 0, -1)); }},
      {"repeat",
       {{{2, 3}}, {{1, 1}}, {{0, 2}}},
       [](auto x) {
         return repeat(x[0], {3, 2, 1});
       }},
      {"repeat",
       {{{2}}},
       [](auto x) {
         return repeat(x[0], {0, 2});
       }},
      {"repeat",
       {{{}}},
       [](auto x) {
         return repeat(x[0], {2, 3});
       }},
      {"cat",
       {{{2, 1, 2}, {2, 2, 2}, {2, 0, 2}}, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
       [](auto x) { return cat(x, 1); }},
      {"cat",
       {{{2}, {2}}},
       [](auto x) {
         return cat({x[0], x[1], x[0]}, -1);
       }},
      {"stack", {{{2, 3}, {2, 3}}, {{}, {}}, {{0}, {0}}}, [](auto x) { return stack(x, -1); }},
      {"stack",
       {{{2, 3}, {2, 3}}},
       [](auto x) {
         return stack({x[0], x[1], x[0]}, 1);
       }},
      {"flip",
       {{{2, 3}}, {{1, 1}}, {{0, 2}}},
       [](auto x) {
         return flip(x[0], {0, -1});
       }},
      {"pad",
       {{{2, 3}}, {{1, 1}}, {{0, 2}}},
       [](auto x) {
         return pad(x[0], {1, 2, 0, 3}, 5);
       }},
      {"pad",
       {{{2, 5}}},
       [](auto x) {
         return pad(x[0], {-1, 2, 0, -1});
       }},
      {"tril", {{{2, 3, 3}}, {{1, 1}}, {{0, 2}}}, [](auto x) { return tril(x[0], -1); }},
      {"triu", {{{2, 3, 4}}, {{1, 1}}, {{0, 2}}}, [](auto x) { return triu(x[0], 1); }},
  });
}

TEST_CASE("gradients of view(), where no copy is allowed") {
  const Variable x = leaf(arange(6));
  CHECK(equal(counted(x,
                      [](auto& v) {
                        return transpose(view(v, {2, 3}), 0, 1);
                      }),
              tensor({1, 3, 5, 2, 4, 6}, {.dtype = f64})));
  check_error([&] { view(transpose(view(x, {2, 3}), 0, 1), {6}); }, "view");
}

TEST_CASE("gradients of to() have the dtype of the input") {
  const Variable x = Variable(tensor({1.0, 2.0})).requires_grad_();
  const Variable y = to(x, f64);
  CHECK(y.dtype() == f64);
  CHECK(y.node()->op.name == std::string("to"));
  const auto g = grad(sum(square(y)), {x}, {.create_graph = true});
  CHECK(g[0].dtype() == f32);
  CHECK(equal(g[0].value(), tensor({2.0, 4.0})));
  CHECK(equal(grad(sum(g[0]), {x})[0].value(), tensor({2.0, 2.0})));
  CHECK(to(x, f32).node() == x.node());
  CHECK_FALSE(to(x, i64).requires_grad());
}

TEST_CASE("gradients of sum_to(), the adjoint of expand") {
  const auto smaller = [](auto x) { return sum_to(x[0], {3, 1}); };
  const Variable x = leaf(reshape(arange(24), {2, 3, 4}));
  const Variable y = smaller(std::span(&x, 1));
  CHECK(y.node()->op.name == std::string("sum_to"));
  CHECK(equal(y.value(), sum(x.value(), {0, 2}).view_as({3, 1}, {1, 1}, 0)));
  CHECK(gradcheck(smaller, {x}, {.second_order = true}));
  CHECK(gradcheck([](auto x) { return sum_to(x[0], {}); }, {x}));
  check_error([&] { sum_to(x, {2, 3, 4, 1}); }, "sum_to: shape (2, 3, 4) cannot be summed to");
}

TEST_CASE("parts that nothing used get zeros") {
  const Variable x = leaf(ones({4, 2}));
  const auto rows = unbind(x);
  const auto halves = split(x, 2);
  CHECK(equal(grad(sum(rows[1]) + sum(rows[3]) * 2, {x})[0].value(),
              tensor({{0, 0}, {1, 1}, {0, 0}, {2, 2}}, {.dtype = f64})));
  CHECK(equal(grad(sum(halves[1]), {x})[0].value(),
              tensor({{0, 0}, {0, 0}, {1, 1}, {1, 1}}, {.dtype = f64})));
}

TEST_CASE("an op of many parts is one node with as many outputs") {
  const Variable x = leaf(ones({1000, 1000}));
  const auto rows = unbind(x);
  CHECK(rows[999].node() == rows[0].node());
  Variable total = rows[0];
  for (size_t i = 1; i < rows.size(); ++i) total = total + rows[i] * double(i);
  const Tensor g = grad(sum(total), {x})[0].value();  // a full-size gradient for each is 8 GB
  CHECK(g.at({0, 5}) == 1);
  CHECK(g.at({999, 7}) == 999);
}
