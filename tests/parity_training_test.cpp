// Optimisers, schedules, clipping and the attention model: 20 training steps as PyTorch takes them.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/bahdanau.h"
#include "heed/nn/linear.h"
#include "heed/nn/loss.h"
#include "heed/optim/adagrad.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"
#include "heed/optim/rmsprop.h"
#include "heed/optim/schedule.h"
#include "heed/optim/sgd.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

constexpr int64_t steps = 20;

struct Net : nn::Module {
  nn::Linear first{{3, 4}}, second{{4, 2}};
  Variable operator()(const Variable& x) const { return second(tanh(first(x))); }
  void members(nn::MemberVisitor& visit) override {
    visit("first", first);
    visit("second", second);
  }
};

Variable vector_of(const std::vector<double>& numbers) {
  return Variable(from_values(numbers, {int64_t(numbers.size())}));
}

std::pair<double, double> betas(const Run& r) {
  const auto found = r.numbers("betas");
  return found.empty() ? std::pair(0.9, 0.999) : std::pair(found[0], found[1]);
}

optim::SGDOptions sgd_options(const Run& r) {
  return {.lr = *r.number("lr"),
          .momentum = r.number("momentum", 0),
          .dampening = r.number("dampening", 0),
          .weight_decay = r.number("weight_decay", 0),
          .nesterov = r.flag("nesterov")};
}
optim::AdamOptions adam_options(const Run& r) {
  return {.lr = *r.number("lr"),
          .betas = betas(r),
          .eps = r.number("eps", 1e-8),
          .weight_decay = r.number("weight_decay", 0)};
}
optim::AdamWOptions adamw_options(const Run& r) {
  return {.lr = *r.number("lr"),
          .betas = betas(r),
          .eps = r.number("eps", 1e-8),
          .weight_decay = r.number("weight_decay", 1e-2)};
}
optim::RMSpropOptions rmsprop_options(const Run& r) {
  return {.lr = *r.number("lr"),
          .alpha = r.number("alpha", 0.99),
          .eps = r.number("eps", 1e-8),
          .weight_decay = r.number("weight_decay", 0),
          .momentum = r.number("momentum", 0),
          .centered = r.flag("centered")};
}
optim::AdagradOptions adagrad_options(const Run& r) {
  return {.lr = *r.number("lr"),
          .lr_decay = r.number("lr_decay", 0),
          .weight_decay = r.number("weight_decay", 0),
          .initial_accumulator_value = r.number("initial_accumulator_value", 0),
          .eps = r.number("eps", 1e-10)};
}

/// The learning rate's factor at a step.
double factor(const Run& r, int64_t step) {
  double factor = 1;
  if (const auto warmup = r.number("warmup_cosine"))
    factor = optim::warmup_cosine(step, int64_t(*warmup), steps);
  if (const auto every = r.number("step_decay"))
    factor = optim::step_decay(step, int64_t(*every), 0.5);
  return factor;
}

/// Adds up the gradients of all pieces of the batch; returns the loss.
double backward(const Run& r, const Net& net) {
  const int64_t pieces = r.integer("accumulate", 1);
  const auto x = chunk(r.tensor(0), pieces), y = chunk(r.tensor(1), pieces);
  double total = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const Variable loss = nn::mse_loss(net(x[i]), y[i]) / pieces;
    loss.backward();
    total += loss.item();
  }
  return total;
}

/// 20 steps of a network with one hidden layer on a batch (8, 3) -> (8, 2).
template <class Optimizer, class Options>
Variable train(Run& r, Options options) {
  Net net;
  r.load(net);
  if (const std::string name = r.word("frozen"); !name.empty())
    for (const auto& [parameter, leaf] : r.parameters())
      if (parameter == name) Variable(leaf).requires_grad_(false);
  Options second = options;
  if (const auto lr = r.number("second_lr")) {
    second.lr = *lr;
    second.weight_decay = *r.number("second_weight_decay");
  }
  const auto all = net.named_parameters();
  Optimizer optimizer(
      {{{all.begin(), all.begin() + 2}, options}, {{all.begin() + 2, all.end()}, second}});
  std::vector<double> losses;
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    losses.push_back(backward(r, net));
    if (const auto norm = r.number("clip")) optim::clip_grad_norm_(all, *norm);
    if (const auto limit = r.number("clip_value")) optim::clip_grad_value_(all, *limit);
    optimizer.set_lr_factor(factor(r, step));
    optimizer.step();
  }
  return vector_of(losses);
}

/// The inputs are gradients; clip(parameters) returns their norm or nothing.
std::vector<NamedVariable> with_gradients(const Run& r) {
  std::vector<NamedVariable> parameters;
  for (const Variable& gradient : r.inputs()) {
    Variable p = Variable(zeros_like(gradient.value())).requires_grad_();
    p.set_grad(gradient.detach());
    parameters.push_back({std::to_string(parameters.size()), p});
  }
  return parameters;
}

Variables clip_norm(const Run& r) {
  const auto parameters = with_gradients(r);
  const double norm = optim::clip_grad_norm_(parameters, *r.number("max_norm"));
  Variables result{Variable(tensor(norm, {.dtype = r.dtype()}))};
  for (const auto& [name, p] : parameters) result.push_back(p.grad());
  return result;
}

Variables clip_value(const Run& r) {
  const auto parameters = with_gradients(r);
  optim::clip_grad_value_(parameters, *r.number("limit"));
  Variables result;
  for (const auto& [name, p] : parameters) result.push_back(p.grad());
  return result;
}

/// The factors of 24 steps.
template <class F>
Variable factors(F factor) {
  std::vector<double> values;
  for (int64_t step = 0; step < 24; ++step) values.push_back(factor(step));
  return vector_of(values);
}

Variable plateau(const Run& r) {
  optim::Plateau plateau({.factor = r.number("factor", 0.1),
                          .patience = r.integer("patience"),
                          .threshold = r.number("threshold", 1e-4),
                          .cooldown = r.integer("cooldown", 0),
                          .minimum = r.number("minimum", 0),
                          .maximize = r.flag("maximize")});
  std::vector<double> values;
  for (int64_t i = 0; i < r[0].numel(); ++i) values.push_back(plateau(r.tensor(0).at({i})));
  return vector_of(values);
}

/// 20 steps of Adam with a clipped gradient on four batches in turn; inputs: source (4, B, S),
/// lengths (4, B), target_in and target (4, B, T). Returns losses and norms of the gradients.
Variables train_attention(Run& r) {
  models::Bahdanau model({.source_tokens = r.integer("source_tokens"),
                          .target_tokens = r.integer("target_tokens"),
                          .embedding = r.integer("embedding"),
                          .hidden = r.integer("hidden"),
                          .cell = r.word("cell"),
                          .score = r.word("score"),
                          .dropout = 0});
  r.load(model);
  const auto parameters = model.named_parameters();
  optim::Adam adam(parameters, {.lr = *r.number("lr")});
  const double clip = *r.number("clip");
  std::vector<double> losses, norms;
  for (int64_t step = 0; step < steps; ++step) {
    const auto part = [&](size_t input) { return r.tensor(input)[step % 4]; };
    const Variable logits = model.forward(part(0), part(1), part(2));
    const Variable loss = nn::cross_entropy(logits, part(3), {.ignore_index = 0});
    adam.zero_grad();
    loss.backward();
    norms.push_back(optim::clip_grad_norm_(parameters, clip));
    adam.step();
    losses.push_back(loss.item());
  }
  return {vector_of(losses), vector_of(norms)};
}

}  // namespace

TEST_CASE("parity: optimizer") {
  using namespace heed::optim;
  check_parity("optimizer",
               {
                   {"SGD", [](Run& r) { return train<SGD>(r, sgd_options(r)); }},
                   {"Adam", [](Run& r) { return train<Adam>(r, adam_options(r)); }},
                   {"AdamW", [](Run& r) { return train<AdamW>(r, adamw_options(r)); }},
                   {"RMSprop", [](Run& r) { return train<RMSprop>(r, rmsprop_options(r)); }},
                   {"Adagrad", [](Run& r) { return train<Adagrad>(r, adagrad_options(r)); }},
                   {"clip_grad_norm", [](Run& r) { return clip_norm(r); }},
                   {"clip_grad_value", [](Run& r) { return clip_value(r); }},
               });
}

TEST_CASE("parity: schedule") {
  using namespace heed::optim;
  const auto n = [](const Run& r, const char* key) { return *r.number(key); };
  const auto i = [](const Run& r, const char* key) { return r.integer(key); };
  check_parity(
      "schedule",
      {
          {"constant",
           [=](Run& r) { return factors([&](auto t) { return constant(t, n(r, "factor")); }); }},
          {"step_decay",
           [=](Run& r) {
             return factors([&](auto t) { return step_decay(t, i(r, "every"), n(r, "gamma")); });
           }},
          {"linear_warmup",
           [=](Run& r) {
             return factors([&](auto t) { return linear_warmup(t, i(r, "steps")); });
           }},
          {"cosine",
           [=](Run& r) {
             return factors([&](auto t) { return cosine(t, i(r, "steps"), n(r, "minimum")); });
           }},
          {"warmup_cosine",
           [=](Run& r) {
             return factors([&](auto t) {
               return warmup_cosine(t, i(r, "warmup"), i(r, "steps"), n(r, "minimum"));
             });
           }},
          {"inverse_sqrt",
           [=](Run& r) {
             return factors([&](auto t) { return inverse_sqrt(t, i(r, "warmup")); });
           }},
          {"noam",
           [=](Run& r) {
             return factors([&](auto t) { return noam(t, i(r, "model_size"), i(r, "warmup")); });
           }},
          {"plateau", [](Run& r) { return plateau(r); }},
      });
}

TEST_CASE("parity: 20 training steps of the attention model") {
  check_parity("model", {{"bahdanau", [](Run& r) { return train_attention(r); }}});
}
