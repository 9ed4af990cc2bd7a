#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/nn/loss.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/patterns.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;
using nn::Reduction;

namespace {

Variable example() {  // logits (4, 3); the last row is ignored by targets()
  return Variable(
             tensor({{0.5, -1.0, 2.0}, {1.5, 0.25, -0.75}, {-2.0, 3.0, 0.125}, {0.0, 0.0, 1.0}},
                    {.dtype = f64}))
      .requires_grad_();
}
Tensor targets() { return tensor({2, 0, 1, -100}); }
Tensor class_weights() { return tensor({1.0, 2.0, 0.5}, {.dtype = f64}); }

void check_values(const Variable& x, const Values& expected) {
  CAPTURE(text(x));
  CHECK(allclose(x.value(), from_values(expected, x.shape()), 1e-13, 1e-15));
}

/// Loss and gradient of row 1 as PyTorch 2.15 has them, for mean, sum and none.
struct Expected {
  double mean, sum;
  Values none, gradient_of_mean;
};

void check_cross_entropy(nn::CrossEntropyOptions options, const Expected& expected) {
  const Variable logits = example();
  const Variable loss = nn::cross_entropy(logits, targets(), options);
  check_values(loss, {expected.mean});
  loss.backward();
  check_values(logits.grad()[1], expected.gradient_of_mean);
  check_values(logits.grad()[3], {0, 0, 0});
  options.reduction = Reduction::sum;
  check_values(nn::cross_entropy(example(), targets(), options), {expected.sum});
  options.reduction = Reduction::none;
  check_values(nn::cross_entropy(example(), targets(), options), expected.none);
}

template <class F>
void check_gradients(const F& loss, std::initializer_list<Variable> inputs) {
  const auto result = gradcheck(loss, inputs, {.second_order = true});
  INFO(result.message);
  CHECK(result.ok);
}

}  // namespace

TEST_CASE("cross_entropy: a class of logit -inf is out of the question, and nothing else") {
  const double inf = std::numeric_limits<double>::infinity();
  for (const bool on : {true, false}) {
    const FusedScope scope(on);
    Variable logits(tensor({{0.5, -inf, 1.0}, {-inf, -inf, 2.0}}, {.dtype = f64}));
    logits.requires_grad_();
    const Variable loss = nn::cross_entropy(logits, tensor({0, 2}));
    CHECK(loss.item() == Approx(std::log(1 + std::exp(0.5)) / 2).epsilon(1e-12));
    loss.backward();
    const double p = 1 / (1 + std::exp(0.5));
    CHECK(distance(logits.grad().value(), Values{(p - 1) / 2, 0, (1 - p) / 2, 0, 0, 0}) < 1e-15);
  }
}

TEST_CASE("cross entropy equals PyTorch") {
  check_cross_entropy({}, {0.21107464976547552,
                           0.6332239492964266,
                           {0.24131129665715703, 0.3306726094072241, 0.061240043232045474, 0},
                           {-0.09385321961631168, 0.06861220133255051, 0.02524101828376117}});
  check_cross_entropy({.weight = class_weights()},
                      {0.1639452411999696,
                       0.5738083441998936,
                       {0.12065564832857852, 0.3306726094072241, 0.12248008646409095, 0},
                       {-0.08044561681398145, 0.0588104582850433, 0.021635158528938145}});
  check_cross_entropy({.label_smoothing = 0.1},
                      {0.38746353865436445,
                       1.1623906159630932,
                       {0.391311296657157, 0.4473392760738908, 0.32374004323204547, 0},
                       {-0.07163099739408944, 0.05750109022143941, 0.014129907172650063}});
  check_cross_entropy({.label_smoothing = 0.3, .weight = class_weights()},
                      {0.6798697780553355,
                       2.3795442231936743,
                       {0.9189179076600098, 0.7097062398775853, 0.7509200756560794, 0},
                       {-0.013039326226109095, 0.004608124056438322, 0.008431202169670768}});
}

TEST_CASE("cross entropy has the classes last, for any leading shape") {
  const Variable rows = example(), sequences = example();
  const Variable logits = Variable(reshape(sequences.value(), {2, 2, 3})).requires_grad_();
  const Tensor ids = reshape(targets(), {2, 2});
  const Variable loss = nn::cross_entropy(logits, ids, {.reduction = Reduction::none});
  CHECK(loss.shape() == Shape{2, 2});
  CHECK(equal(nn::cross_entropy(logits, ids).value(), nn::cross_entropy(rows, targets()).value()));
  const Variable one = nn::cross_entropy(rows[0], tensor(2));
  check_values(one, {0.24131129665715703});
  CHECK(one.shape() == Shape{});
  check_gradients([&](auto x) { return nn::cross_entropy(x[0], ids); }, {logits});
}

TEST_CASE("cross entropy ignores other numbers on request") {
  const Tensor padded = tensor({2, 0, 1, 0});
  check_values(nn::cross_entropy(example(), padded, {.ignore_index = 0}),
               {(0.24131129665715703 + 0.061240043232045474) / 2});
}

TEST_CASE("cross entropy of nothing but ignored targets is NaN, without a gradient") {
  const Variable logits = example();
  const Variable loss = nn::cross_entropy(logits, full({4}, -100, {.dtype = i64}));
  CHECK(std::isnan(loss.item()));
  loss.backward();
  CHECK(values(logits.grad().value()) == Values(12, 0));
}

TEST_CASE("cross entropy of huge logits is finite") {
  const Variable logits(tensor({{1e30, -1e30}, {-1e4, 1e4}}));
  CHECK(values(nn::cross_entropy(logits, tensor({0, 0}), {.reduction = Reduction::none}).value()) ==
        Values{0, 20000});
}

TEST_CASE("cross entropy refuses what it could misread") {
  const Variable logits(zeros({2, 3, 5}));
  const auto loss = [](const Variable& x, const Tensor& y, nn::CrossEntropyOptions options = {}) {
    return [=] { nn::cross_entropy(x, y, options); };
  };
  check_error(loss(logits, zeros({2, 5}, {.dtype = i64})),
              "cross_entropy: the classes are the last dimension: (..., C) goes with targets "
              "(...); got (2, 3, 5) with (2, 5); (B, C, T) is given as transpose(logits, 1, 2)");
  check_error(loss(logits, zeros({2, 3})), "targets are the numbers of classes, i64, got f32");
  check_error(loss(Variable(zeros({})), tensor(0)), "cross_entropy: expected (..., C), got ()");
  check_error(loss(Variable(zeros({1, 2})), tensor({2})), "cross_entropy");
  check_error(loss(Variable(zeros({1, 2})), tensor({0}), {.label_smoothing = 1.5}),
              "label_smoothing must lie in [0, 1], got 1.5");
  check_error(loss(Variable(zeros({1, 2})), tensor({0}), {.weight = ones({3})}),
              "cross_entropy: expected a weight for each of 2 classes of f32, got (3,) of f32");
}

TEST_CASE("nll_loss equals PyTorch and cross entropy") {
  const Variable log_probs = log_softmax(example(), 1);
  check_values(nn::nll_loss(log_probs, targets(), {.weight = class_weights()}),
               {0.1639452411999696});
  check_values(
      nn::nll_loss(log_probs, targets(), {.weight = class_weights(), .reduction = Reduction::none}),
      {0.12065564832857852, 0.3306726094072241, 0.12248008646409095, 0});
  check_values(nn::nll_loss(log_probs, targets()), {0.21107464976547552});
  check_values(nn::nll_loss(log_probs, targets(), {.reduction = Reduction::sum}),
               {0.6332239492964266});
  check_gradients([](auto x) { return nn::nll_loss(log_softmax(x[0], 1), targets()); },
                  {example()});
  check_error([] { nn::nll_loss(zeros({2, 3}), zeros({3}, {.dtype = i64})); }, "nll_loss: the cl");
  check_error([] { nn::nll_loss(zeros({2, 3}), tensor({0, 3})); }, "index 3 is out of range");
  check_error([] { nn::nll_loss(zeros({1, 3}), tensor({0.5})); }, "nll_loss: targets are the num");
}

namespace {

Variable prediction() {
  return Variable(tensor({0.5, -1.0, 2.0, 0.25}, {.dtype = f64})).requires_grad_();
}
Tensor truth() { return tensor({1.0, 0.0, 0.5, 0.25}, {.dtype = f64}); }

}  // namespace

TEST_CASE("mse and l1 equal PyTorch") {
  check_values(nn::mse_loss(prediction(), truth()), {0.875});
  check_values(nn::mse_loss(prediction(), truth(), Reduction::sum), {3.5});
  check_values(nn::mse_loss(prediction(), truth(), Reduction::none), {0.25, 1, 2.25, 0});
  check_values(nn::l1_loss(prediction(), truth()), {0.75});
  const Variable target = Variable(truth() + 0.1).requires_grad_();
  check_gradients([](auto x) { return nn::mse_loss(x[0], x[1]); }, {prediction(), target});
  check_gradients([](auto x) { return nn::l1_loss(x[0], x[1]); }, {prediction(), target});
}

TEST_CASE("binary cross entropy equals PyTorch") {
  const auto loss = nn::binary_cross_entropy_with_logits;
  check_values(loss(prediction(), truth(), {}), {0.6694265256550364});
  check_values(loss(prediction(), truth(), {.reduction = Reduction::none}),
               {0.4740769841801067, 0.3132616875182228, 1.1269280110429725, 0.7634394198788436});
  const Tensor weight = tensor({1.0, 2.0, 3.0, 4.0}, {.dtype = f64});
  check_values(loss(prediction(), truth(), {.pos_weight = weight, .reduction = Reduction::none}),
               {0.4740769841801067, 0.3132616875182228, 1.253856022085945, 1.1953939847879762});
  check_gradients([&](auto x) { return loss(x[0], truth(), {.pos_weight = weight}); },
                  {prediction()});
  const Variable huge(tensor({-1e30, 1e30, 200.0}));
  CHECK(values(loss(huge, tensor({0.0, 1.0, 0.0}), {.reduction = Reduction::none}).value()) ==
        Values{0, 0, 200});
  check_error(
      [&] {
        loss(zeros({2}), zeros({2}), {.pos_weight = ones({3, 2})});
      },
      "pos_weight (3, 2) does not broadcast to the logits (2,)");
}

TEST_CASE("hinge loss has its margin at 1") {
  const Variable score = Variable(tensor({0.5, 2.0, -3.0, -0.25})).requires_grad_();
  const Tensor sides = tensor({1.0, 1.0, -1.0, 1.0});
  CHECK(values(nn::hinge_loss(score, sides, Reduction::none).value()) == Values{0.5, 0, 0, 1.25});
  const Variable loss = nn::hinge_loss(score, sides);
  CHECK(loss.item() == Approx(1.75 / 4));
  loss.backward();
  CHECK(values(score.grad().value()) == Values{-0.25, 0, 0, -0.25});
  check_error([&] { nn::hinge_loss(score, zeros({4})); }, "hinge_loss: every target must be -1 or");
}

TEST_CASE("losses refuse to broadcast a prediction against its target") {
  const Variable column(zeros({3, 1}));
  const Tensor row = zeros({3});
  check_error([&] { nn::mse_loss(column, row); },
              "mse_loss: prediction and target must have the same shape, got (3, 1) and (3,)");
  check_error([&] { nn::l1_loss(column, row); }, "l1_loss: prediction and target must have");
  check_error([&] { nn::binary_cross_entropy_with_logits(column, row); },
              "binary_cross_entropy_with_logits: prediction and target must have");
  check_error([&] { nn::hinge_loss(column, row); }, "hinge_loss: prediction and target must have");
  check_error([&] { nn::mse_loss(column, zeros({})); }, "got (3, 1) and ()");
  check_error([&] { nn::mse_loss(column, zeros({3, 1}, {.dtype = f64})); }, "f64");
}
