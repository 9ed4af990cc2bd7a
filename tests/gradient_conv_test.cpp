// The rows of autograd/conv.h, pooling.h and batch_norm.h.
#include <cmath>

#include "heed/autograd/batch_norm.h"
#include "heed/autograd/conv.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/pooling.h"
#include "heed/autograd/reduce.h"
#include "heed/core/batch_norm.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

// Tensors and Variables alike.
Tensor largest(const MaxPoolResult& found) { return found.values; }
Variable largest(const Variable& found) { return found; }
Tensor normalized(const BatchNormResult& found) { return found.y; }
Variable normalized(const BatchNormOutput& found) { return found.y; }

Row conv1d_row(Row::Shapes shapes, ConvOptions options) {
  return {"conv1d", {shapes}, [=](auto x) { return conv1d(x[0], x[1], x[2], options); }};
}
Row conv2d_row(Row::Shapes shapes, ConvOptions options) {
  return {"conv2d", {shapes}, [=](auto x) { return conv2d(x[0], x[1], x[2], options); }};
}

}  // namespace

TEST_CASE("gradients of conv1d") {
  check_rows({
      {"conv1d", {{{2, 3, 5}, {2, 3, 2}}}, [](auto x) { return conv1d(x[0], x[1]); }},
      conv1d_row({{0, 2, 4}, {3, 2, 2}, {3}}, {}),
      conv1d_row({{1, 2, 6}, {4, 1, 3}, {4}}, {.stride = 2, .padding = 2, .groups = 2}),
      conv1d_row({{2, 2, 7}, {2, 2, 2}, {2}}, {.dilation = 3}),
  });
}

TEST_CASE("gradients of conv2d") {
  check_rows({
      {"conv2d", {{{1, 2, 3, 4}, {3, 2, 2, 2}}}, [](auto x) { return conv2d(x[0], x[1]); }},
      conv2d_row({{2, 1, 3, 3}, {2, 1, 3, 2}, {2}}, {.padding = {1, 0}}),
      conv2d_row({{2, 2, 4, 5}, {2, 1, 2, 3}, {2}},
                 {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}, .groups = 2}),
  });
}

TEST_CASE("gradients of pooling") {
  check_rows({
      {"max_pool1d",
       {{{2, 3, 7}}, {{5}}, {{0, 4}}},
       [](auto x) { return largest(max_pool1d(x[0], 3, {.stride = 2, .padding = 1})); }},
      {"max_pool2d",
       {{{2, 4, 5}}},
       [](auto x) {
         return largest(max_pool2d(x[0], {2, 3}));
       }},
      {"max_pool2d",
       {{{1, 2, 5, 4}}},
       [](auto x) {
         return largest(max_pool2d(x[0], 3, {.stride = {2, 1}, .padding = 1}));
       }},
      {"avg_pool1d",
       {{{2, 3, 7}}, {{5}}, {{0, 4}}},
       [](auto x) { return avg_pool1d(x[0], 3, {.stride = 2, .padding = 1}); }},
      {"avg_pool2d",
       {{{2, 4, 5}}},
       [](auto x) {
         return avg_pool2d(x[0], {2, 3});
       }},
      {"avg_pool2d",
       {{{1, 2, 5, 4}}},
       [](auto x) {
         return avg_pool2d(x[0], 3, {.stride = {2, 1}, .padding = 1, .count_include_pad = false});
       }},
  });
}

TEST_CASE("gradients of batch_norm") {
  const Tensor mean = tensor({0.5, -1.0, 2.0}, {.dtype = f64});
  const Tensor var = tensor({0.5, 1.0, 2.0}, {.dtype = f64});
  check_rows({
      {"batch_norm",
       {{{4, 3}, {3}, {3}}, {{2, 3, 2, 2}, {3}, {3}}, {{1, 2, 3}, {2}, {2}}},
       [](auto x) { return normalized(batch_norm(x[0], x[1], x[2], 1e-5)); }},
      {"batch_norm", {{{3, 2, 2}}}, [](auto x) { return normalized(batch_norm(x[0], {}, {})); }},
      {"batch_norm",
       {{{3, 2}, {2}}},
       [](auto x) { return normalized(batch_norm(x[0], {}, x[1])); }},
  });
  const auto in_evaluation = [&](const std::vector<Variable>& x) {
    return batch_norm(x[0], mean, var, x[1], x[2]);
  };
  const auto leaf = [](const Shape& shape) {
    return Variable(randn(shape, {.dtype = f64})).requires_grad_();
  };
  CHECK(gradcheck(
      [&](auto x) {
        return in_evaluation({x[0], x[1], x[2]});
      },
      {leaf({2, 3, 2}), leaf({3}), leaf({3})}, {.second_order = true}));
}

TEST_CASE("the first of equal elements gets the gradient of max pooling, NaN before all") {
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    const Variable ties = Variable(tensor({2, 2, 1, 1}, {.dtype = f64})).requires_grad_();
    sum(max_pool1d(ties, 2)).backward();
    CHECK(equal(ties.grad().value(), tensor({1, 0, 1, 0}, {.dtype = f64})));
    const Variable nans = Variable(tensor({NAN, 3, NAN, NAN}, {.dtype = f64})).requires_grad_();
    sum(max_pool1d(nans, 4)).backward();
    CHECK(equal(nans.grad().value(), tensor({1, 0, 0, 0}, {.dtype = f64})));
  }
}

TEST_CASE("the mean that batch_norm hands out is watched where backward reads it") {
  const FusedScope scope(true);  // the definition reads neither again
  const Variable x = Variable(randn({4, 3})).requires_grad_();
  const BatchNormOutput out = batch_norm(x);
  out.var.fill_(0);
  out.mean.fill_(0);
  check_error([&] { sum(out.y).backward(); }, "was changed in place after it was used");
}

TEST_CASE("misuse of convolutions and pooling is refused with and without fused kernels") {
  const Variable x(zeros({1, 2, 4})), weight(zeros({3, 2, 2}));
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    check_error([&] { conv1d(x, weight, Variable(zeros({2}))); }, "conv1d: expected a bias (3,)");
    check_error([&] { conv2d(x, weight); }, "conv2d: expected x (N, C, H, W), got (1, 2, 4)");
    check_error([&] { max_pool1d(x, 5); }, "max_pool1d: the kernel spans 5 elements of 4");
    check_error([&] { avg_pool2d(x, 3); }, "avg_pool2d: the kernel spans 3 elements of 2");
    check_error([&] { batch_norm(Variable(zeros({1, 2}))); }, "batch_norm: expected more than 1");
    check_error([&] { batch_norm(x, zeros({3}), zeros({3}), {}, {}); },
                "batch_norm: mean (3,) and variance (3,) do not fit x (1, 2, 4)");
    check_error([&] { batch_norm(x, zeros({2}, {.dtype = f64}), zeros({2}), {}, {}); },
                "batch_norm: dtypes differ: x f32, mean f64, variance f32");
  }
}
