#include "bench.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/nn/containers.h"
#include "heed/nn/linear.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"

namespace heed::bench {
namespace {

Variable leaf(const Tensor& numbers) { return Variable(numbers).requires_grad_(); }

/// The expression of micrograd's README, whose result is 24.7041.
Variable micrograd(const Variable& a, const Variable& b) {
  Variable c = a + b;
  Variable d = a * b + pow(b, 3);
  c = c + (c + 1);
  c = c + (1 + c + (-a));
  d = d + (d * 2 + relu(b + a));
  d = d + (3 * d + relu(b - a));
  const Variable f = square(c - d);
  return f / 2 + 10 / f;
}

}  // namespace

// Karpathy 2020, github.com/karpathy/micrograd: gradients 138.8338 and 645.5773.
Run scalar(Start&) {
  const Variable a = leaf(tensor(-4.0)), b = leaf(tensor(2.0));
  return run_of([=] { return micrograd(a, b); }, {a, b}, 0);
}

Run small_ops(Start& start) {
  constexpr int64_t n = 16, times = 20;
  const Variable x = leaf(start.normals("x", {n, n})), w = leaf(start.normals("w", {n, n}));
  const auto result = [=] {
    Variable y = x;
    for (int64_t i = 0; i < times; ++i) y = tanh(matmul(y, w) + x) * 0.5;
    return sum(y);
  };
  return run_of(result, {x, w}, 3 * times * product(n, n, n));
}

Run mlp(Start& start) {
  constexpr int64_t batch = 64;
  const auto net =
      std::make_shared<nn::Sequential>(nn::Linear({784, 256}), nn::ReLU(), nn::Linear({256, 128}),
                                       nn::ReLU(), nn::Linear({128, 10}));
  start.weights(*net);
  const Tensor images = start.normals("images", {batch, 784});
  const Tensor labels = start.integers("labels", 10, {batch});
  // The pixels need no gradient.
  const double flops =
      2 * product(batch, 784, 256) + 3 * (product(batch, 256, 128) + product(batch, 128, 10));
  return run_of({.module = net,
                 .optimizer = std::make_shared<optim::Adam>(net->named_parameters()),
                 .clip = 0,
                 .loss = [=] { return nn::cross_entropy((*net)(images), labels); }},
                flops, batch);
}

/// The rate that a machine's matrix products can reach.
Run square_product(Start& start, int64_t n) {
  const Tensor a = start.normals("a", {n, n}), b = start.normals("b", {n, n});
  return {.step = [=] { matmul(a, b); },
          .flops = product(n, n, n),
          .items = 1,
          .numbers = [=](int64_t) { return std::vector<double>{norm(matmul(a, b)).item()}; }};
}

}  // namespace heed::bench
