// The estimator that trains hard attention: no bias, less variance than without its baseline, and a
// decoder that learns with it.
#include "heed/nn/reinforce.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/index.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/random.h"
#include "heed/models/bahdanau.h"
#include "heed/models/train/pair_loss.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;

namespace {

// Two steps, three keys: the second step's cost depends on both choices. Row 1 has one step.
constexpr int64_t keys = 3;
const Tensor counted() { return to(tensor({{1, 1}, {1, 0}}), u8); }

double cost(int64_t row, int64_t step, int64_t first, int64_t second) {
  return 5 + double(row) +
         (step == 0 ? std::sin(double(first)) : std::cos(double(2 * first - second)));
}

/// The expected mean of the three counted costs, every choice enumerated; logits (2, 2, 3).
Variable expected_cost(const Variable& logits) {
  const Variable p = softmax(logits, 2);
  const auto at = [&](int64_t b, int64_t t, int64_t k) {
    return select(select(select(p, 0, b), 0, t), 0, k);
  };
  Variable sum = tensor(0.0, {.dtype = f64});
  for (int64_t i = 0; i < keys; ++i) {
    sum = sum + at(0, 0, i) * cost(0, 0, i, 0) + at(1, 0, i) * cost(1, 0, i, 0);
    for (int64_t j = 0; j < keys; ++j) sum = sum + at(0, 0, i) * at(0, 1, j) * cost(0, 1, i, j);
  }
  return sum * (1.0 / 3);
}

struct Moments {
  Tensor mean, variance;
};

/// Mean and variance of an estimate of the gradient of the logits over many draws.
template <class Estimate>
Moments moments(const Variable& logits, int samples, Estimate estimate) {
  Generator generator(7);
  Tensor sum = zeros({2, 2, keys}, {.dtype = f64}), squares = zeros({2, 2, keys}, {.dtype = f64});
  const Tensor p = reshape(softmax(logits.value(), 2), {4, keys});
  for (int i = 0; i < samples; ++i) {
    const Tensor drawn = reshape(multinomial(p, 1, true, &generator), {2, 2});
    const Variable log_p = squeeze(gather(log_softmax(logits, 2), 2, unsqueeze(drawn, 2)), 2);
    Tensor costs = zeros({2, 2}, {.dtype = f64});
    const int64_t* c = drawn.data<int64_t>();
    double* to = costs.mutable_data<double>();
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t t = 0; t < 2; ++t) to[2 * b + t] = cost(b, t, c[2 * b], c[2 * b + 1]);
    const Tensor g = grad(estimate(log_p, costs), {logits})[0].value();
    add_(sum, g);
    add_(squares, square(g));
  }
  const Tensor mean = sum / double(samples);
  return {mean, squares / double(samples) - square(mean)};
}

}  // namespace

TEST_CASE("reinforce_loss: value 0, the right gradient on average, less variance") {
  Variable logits(pattern({2, 2, keys}));
  logits.requires_grad_();
  const Tensor exact = grad(expected_cost(logits), {logits})[0].value();
  const int samples = 4000;
  const Moments with = moments(logits, samples, [](const Variable& log_p, const Tensor& costs) {
    const Variable term = nn::reinforce_loss(log_p, costs, counted());
    CHECK(term.item() == 0);
    return term;
  });
  // Costs of the whole sequence and no baseline: the plainest estimator.
  const Moments plain = moments(logits, samples, [](const Variable& log_p, const Tensor& costs) {
    const Tensor total = sum(where(counted(), costs, 0.0), {1}, true);
    return sum(where(counted(), log_p, 0.0) * Variable(total)) * (1.0 / 3);
  });
  double variance = 0, plain_variance = 0;
  for (int64_t i = 0; i < 4 * keys; ++i) {
    const auto of = [i](const Tensor& x) { return reshape(x, {4 * keys}).at({i}); };
    INFO(i);
    CHECK(std::abs(of(with.mean) - of(exact)) <=
          4 * std::sqrt(of(with.variance) / samples) + 1e-15);
    CHECK(std::abs(of(plain.mean) - of(exact)) <=
          4 * std::sqrt(of(plain.variance) / samples) + 1e-15);
    variance += of(with.variance);
    plain_variance += of(plain.variance);
  }
  CHECK(variance < 0.2 * plain_variance);
  CHECK(distance(with.mean[1][1], zeros({keys})) == 0);  // a step that does not count
}

TEST_CASE("reinforce_loss: one sequence has no baseline; misuse") {
  Variable log_p(tensor({{-1.0, -2.0}}, {.dtype = f64}));
  log_p.requires_grad_();
  const Tensor costs = tensor({{3.0, 4.0}}, {.dtype = f64}), all = to(tensor({{1, 1}}), u8);
  nn::reinforce_loss(log_p, costs, all).backward();
  CHECK(distance(log_p.grad().value(), Values{3.5, 2}) < 1e-15);
  check_error([&] { nn::reinforce_loss(log_p, costs[0], all); }, "of one shape (batch, steps)");
  check_error([&] { nn::reinforce_loss(log_p, costs, costs); }, "counted of u8, got f64");
}

TEST_CASE("the same decoder learns with every alignment by one argument") {
  for (const char* alignment :
       {"soft", "local_monotonic", "local_predictive", "reinforce", "gumbel"}) {
    manual_seed(4);
    models::Bahdanau model({.source_tokens = 8,
                            .target_tokens = 8,
                            .embedding = 16,
                            .hidden = 32,
                            .cell = "gru",
                            .alignment = alignment,
                            .window = 2,
                            .dropout = 0});
    optim::Adam adam(model.named_parameters(), {.lr = 1e-2});
    double loss = 0;
    for (int step = 0; step < 250; ++step) {
      const Tensor in = randint(3, 8, {32, 4});
      const Tensor bos = full({32, 1}, data::bos_id, {.dtype = i64});
      const models::Batch batch{in, full({32}, 4, {.dtype = i64}),
                                cat({bos, narrow(in, 1, 0, 3)}, 1), in, 128};
      adam.zero_grad();
      const Variable cost = models::sequence_loss(model, batch);
      cost.backward();
      adam.step();
      loss = 0.95 * loss + 0.05 * cost.item();
    }
    INFO(alignment);
    CHECK(loss < 0.2);
  }
}

TEST_CASE("sequence_loss: REINFORCE reaches the scores, with teacher forcing or without") {
  models::Bahdanau model({.source_tokens = 8,
                          .target_tokens = 8,
                          .embedding = 4,
                          .hidden = 4,
                          .alignment = "reinforce",
                          .dropout = 0});
  const models::Batch batch{tensor({{3, 4}, {5, 6}}), tensor({2, 2}), tensor({{1, 4}, {1, 6}}),
                            tensor({{4, 3}, {6, models::ignored_id}}), 3};
  for (const double ratio : {1.0, 0.5, 0.0}) {
    model.zero_grad();
    const Variable loss = models::sequence_loss(model, batch, ratio);
    CHECK(std::isfinite(loss.item()));
    loss.backward();
    CHECK(sum(abs(model.attention.v->grad().value())).item() > 0);
  }
}
