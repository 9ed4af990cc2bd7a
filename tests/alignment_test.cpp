// Every score with every alignment: formulas, masks, padding, gradients; hard alignments draw one
// key with the right probability; REINFORCE estimates the gradient without bias.
#include "heed/nn/alignment.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/random.h"
#include "heed/nn/attention.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using nn::Alignment;
using nn::Score;

namespace {

constexpr Score scores[] = {Score::additive,   Score::dot,    Score::general,
                            Score::scaled_dot, Score::concat, Score::location};
constexpr Alignment alignments[] = {Alignment::soft, Alignment::local_monotonic,
                                    Alignment::local_predictive, Alignment::reinforce,
                                    Alignment::gumbel};

nn::Attention make(Score score, Alignment alignment, DType dtype = f64) {
  nn::Attention attention({.score = score,
                           .query_size = 4,
                           .key_size = 4,
                           .hidden_size = nn::adds(score) ? 3 : 0,
                           .alignment = alignment,
                           .window = 1.5,
                           .filters = 2,
                           .filter_size = 3});
  attention.to(dtype);
  return attention;
}

Variable random(const Shape& shape, DType dtype = f64) {
  return Variable(randn(shape, {.dtype = dtype}));
}

/// What three looks in a row found, each from its query of queries (B, 3, 4).
std::vector<nn::AttentionLook> looks(const nn::Attention& attention, const Variable& queries,
                                     const Variable& values, const Tensor& mask) {
  const nn::AttentionMemory memory = attention.prepare(values);
  std::vector<nn::AttentionLook> all;
  std::vector<Variable> state = attention.start(memory);
  for (const Variable& query : unbind(queries, 1)) {
    all.push_back(attention(query, memory, mask, state));
    state = all.back().state;
  }
  return all;
}

/// A number that everything in the looks takes part in.
Variable total(const std::vector<nn::AttentionLook>& looks) {
  Variable all = tensor(0.0, {.dtype = looks[0].context.dtype()});
  for (const auto& look : looks) {
    all = all + sum(square(look.context)) + sum(square(look.weights));
    if (look.log_p.defined()) all = all + sum(look.log_p);
  }
  return all;
}

bool finite(const Tensor& x) { return all(isfinite(x)).item<int64_t>() == 1; }

}  // namespace

TEST_CASE("alignment: no score, alignment, mask or dtype makes a NaN") {
  manual_seed(1);
  const Tensor masks[] = {{},
                          nn::length_mask(tensor({4, 2, 0}), 4),
                          to(tensor({{1, 0, 0, 1}, {0, 0, 1, 0}, {0, 0, 0, 0}}), u8)};
  for (const Score score : scores)
    for (const Alignment alignment : alignments)
      for (const DType dtype : {f32, f64})
        for (const Tensor& mask : masks) {
          INFO(int(score) << " " << int(alignment) << " " << dtype);
          nn::Attention attention = make(score, alignment, dtype);
          Variable queries = random({3, 3, 4}, dtype), memory = random({3, 4, 4}, dtype);
          queries.requires_grad_();
          memory.requires_grad_();
          const auto found = looks(attention, queries, memory, mask);
          total(found).backward();
          for (const Variable& p : attention.parameters())
            if (p.grad().defined()) CHECK(finite(p.grad().value()));
          CHECK(finite(memory.grad().value()));
          if (queries.grad().defined()) CHECK(finite(queries.grad().value()));
          if (!mask.defined()) continue;
          for (const auto& look : found) {
            CHECK(distance(look.context[2].value(), zeros({4})) == 0);
            CHECK(sum(where(mask, 0.0, abs(look.weights.value()))).item() == 0);
          }
          CHECK(distance(memory.grad()[2].value(), zeros({4, 4})) == 0);
          if (queries.grad().defined())
            CHECK(distance(queries.grad()[2].value(), zeros({3, 4})) == 0);
        }
}

TEST_CASE("alignment: padding changes nothing") {
  manual_seed(2);
  for (const Score score : scores)
    for (const Alignment alignment : alignments)
      for (const DType dtype : {f32, f64}) {
        INFO(int(score) << " " << int(alignment) << " " << dtype);
        nn::Attention attention = make(score, alignment, dtype);
        attention.eval();
        const double bar = dtype == f32 ? 1e-6 : 1e-13;
        const Variable queries = random({2, 3, 4}, dtype), memory = random({2, 4, 4}, dtype);
        const Tensor lengths = tensor({4, 2});
        const auto plain = looks(attention, queries, memory, nn::length_mask(lengths, 4));
        const Variable longer = pad(memory, {0, 0, 0, 3}, 7);
        const auto padded = looks(attention, queries, longer, nn::length_mask(lengths, 7));
        const auto alone = looks(attention, narrow(queries, 0, 1, 1),
                                 narrow(narrow(memory, 0, 1, 1), 1, 0, 2), {});
        for (size_t t = 0; t < 3; ++t) {
          CHECK(distance(padded[t].context.value(), plain[t].context.value()) < bar);
          CHECK(distance(narrow(padded[t].weights.value(), 1, 0, 4), plain[t].weights.value()) <
                bar);
          CHECK(distance(alone[t].context.value(), narrow(plain[t].context.value(), 0, 1, 1)) <
                bar);
        }
      }
}

TEST_CASE("gradients of every score with every alignment that has one") {
  manual_seed(3);
  const Tensor mask = nn::length_mask(tensor({4, 3}), 4);
  for (const Score score : scores)
    for (const Alignment alignment : alignments) {
      nn::Attention attention = make(score, alignment);
      attention.eval();  // hard choices stay what they are
      std::vector<Variable> inputs = attention.parameters();
      if (alignment == Alignment::gumbel) continue;
      inputs.push_back(random({2, 3, 4}).requires_grad_());
      inputs.push_back(random({2, 4, 4}).requires_grad_());
      const auto result = gradcheck(
          [&](std::span<const Variable> in) -> std::vector<Variable> {
            return {total(looks(attention, in[in.size() - 2], in.back(), mask))};
          },
          inputs, {.entries_per_input = 2});
      INFO(int(score) << " " << int(alignment) << ": " << result.message);
      CHECK(result.ok);
    }
}

TEST_CASE("alignment: windows around a step or a place") {
  const Variable scores(pattern({2, 5}));
  const Tensor near = nn::window_weights(scores, tensor({0, 3}), 1).value();
  CHECK(distance(narrow(near[0], 0, 2, 3), zeros({3})) == 0);
  CHECK(distance(narrow(near[0], 0, 0, 2), softmax(narrow(scores[0], 0, 0, 2), 0).value()) < 1e-15);
  CHECK(distance(narrow(near[1], 0, 2, 3), softmax(narrow(scores[1], 0, 2, 3), 0).value()) < 1e-15);
  const Tensor beyond = nn::window_weights(scores, tensor({6, 7}), 1).value();
  CHECK(distance(beyond, zeros({2, 5})) == 0);

  const double window = 2, sigma = 1;
  const Variable centre(tensor({1.25, 3.5}));
  const Tensor weights =
      nn::gaussian_weights(scores, to(centre, f64), window, nn::length_mask(tensor({5, 4}), 5))
          .value();
  for (int64_t b = 0; b < 2; ++b) {
    double sum = 0, expected[5] = {};
    for (int64_t s = 0; s < (b == 0 ? 5 : 4); ++s)
      if (std::abs(double(s) - centre.value().at({b})) <= window)
        sum += expected[s] = std::exp(scores.value().at({b, s}));
    for (int64_t s = 0; s < 5; ++s) {
      const double gap = double(s) - centre.value().at({b});
      CHECK(weights.at({b, s}) ==
            Approx(expected[s] / sum * std::exp(-gap * gap / (2 * sigma * sigma))).epsilon(1e-12));
    }
  }
}

TEST_CASE("alignment: location-aware scores see the weights of the step before") {
  manual_seed(4);
  const nn::Attention attention = make(Score::location, Alignment::soft);
  const Variable queries = random({1, 3, 4}), memory = random({1, 4, 4});
  const auto found = looks(attention, queries, memory, {});
  const Tensor F = attention.filter->weight.value(), V = attention.feature->weight.value();
  for (int64_t t = 1; t < 3; ++t) {
    const Tensor before = found[size_t(t - 1)].weights.value();
    const Tensor q = (*attention.query)(select(queries, 1, t)).value();
    const Tensor k = (*attention.key)(memory).value();
    double exps[4], sum = 0;
    for (int64_t s = 0; s < 4; ++s) {
      double e = 0;
      for (int64_t a = 0; a < 3; ++a) {
        double inner = q.at({0, a}) + k.at({0, s, a});
        for (int64_t f = 0; f < 2; ++f)
          for (int64_t i = 0; i < 3; ++i)
            if (s + i - 1 >= 0 && s + i - 1 < 4)
              inner += V.at({a, f}) * F.at({f, i}) * before.at({0, s + i - 1});
        e += attention.v->value().at({a}) * std::tanh(inner);
      }
      sum += exps[s] = std::exp(e);
    }
    for (int64_t s = 0; s < 4; ++s)
      CHECK(found[size_t(t)].weights.value().at({0, s}) == Approx(exps[s] / sum).epsilon(1e-12));
  }
}

TEST_CASE("alignment: hard choices are one-hot and come as often as softmax says") {
  const int64_t draws = 20'000;
  Generator generator(5);
  const Tensor row = tensor({0.3, -1.0, 1.2, 0.0}), mask = to(tensor({1, 1, 1, 0}), u8);
  const Variable scores(expand(row, Shape{draws, 4}));
  const Tensor masks = expand(mask, Shape{draws, 4});
  const Tensor p = softmax(unsqueeze(row, 0), 1, unsqueeze(mask, 0));
  const nn::DrawOptions options{.generator = &generator};
  for (const Tensor& weights : {nn::draw_choice(scores, masks, options).weights.value(),
                                nn::gumbel_softmax(scores, masks, options).value()}) {
    CHECK(distance(amax(weights, {1}), ones({draws})) == 0);
    CHECK(distance(sum(weights, {1}), ones({draws})) == 0);
    const Tensor share = mean(to(weights, f64), {0});
    for (int64_t s = 0; s < 4; ++s) {
      const double expected = p.at({0, s});
      CHECK(std::abs(share.at({s}) - expected) <=
            4 * std::sqrt(expected * (1 - expected) / double(draws)));
    }
  }
  const nn::HardChoice best = nn::draw_choice(scores, masks, {.draw = false});
  CHECK(best.weights.value().at({7, 2}) == 1);
  CHECK(best.log_p.value().at({7}) == Approx(std::log(p.at({0, 2}))).epsilon(1e-6));
}

TEST_CASE("alignment: gumbel_softmax has the gradient of the softened draw") {
  Variable scores(pattern({3, 4}));
  scores.requires_grad_();
  const Tensor factors = pattern({3, 4}, 1.1);
  for (const double tau : {0.5, 2.0}) {
    Generator generator(6), same(6);
    const Variable weights = nn::gumbel_softmax(scores, {}, {.tau = tau, .generator = &generator});
    const Tensor u = rand({3, 4}, {.dtype = f64, .generator = &same});
    const Variable soft = softmax((scores + Variable(neg(log(neg(log(u)))))) * (1 / tau), 1);
    CHECK(distance(argmax(weights.value(), 1), argmax(soft.value(), 1)) == 0);
    scores.zero_grad();
    sum(weights * Variable(factors)).backward();
    const Tensor straight = clone(scores.grad().value());
    scores.zero_grad();
    sum(soft * Variable(factors)).backward();
    CHECK(distance(straight, scores.grad().value()) < 1e-15);
  }
}

TEST_CASE("alignment: NaN in, NaN out") {
  const Variable scores(tensor({{0.0, std::nan("")}}, {.dtype = f64}));
  CHECK(std::isnan(sum(nn::draw_choice(scores).weights).item()));
  CHECK(std::isnan(sum(nn::gumbel_softmax(scores)).item()));
  CHECK(std::isnan(sum(nn::window_weights(scores, tensor({0}), 1)).item()));
}

TEST_CASE("alignment says what it expected") {
  check_error([] { nn::alignment_from_name("hard"); }, "reinforce or gumbel, got \"hard\"");
  const Variable scores(pattern({2, 5}));
  check_error([&] { nn::gumbel_softmax(scores, {}, {.tau = 0}); }, "tau above 0, got 0");
  check_error([&] { nn::gaussian_weights(scores, scores, 0); }, "window above 0, got 0");
  check_error(
      [&] { nn::Attention({.score = Score::dot, .query_size = 4, .key_size = 4, .window = 0}); },
      "window and tau above 0, got 0 and 1");
  const nn::Attention attention = make(Score::location, Alignment::local_monotonic);
  const nn::AttentionMemory memory = attention.prepare(random({2, 3, 4}));
  check_error([&] { attention(random({2, 4}), memory); }, "a state of 2 parts");
}
