#include <cmath>
#include <limits>
#include <memory>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "heed/optim/adagrad.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"
#include "heed/optim/rmsprop.h"
#include "heed/optim/sgd.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using optim::Optimizer;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Variable leaf(Tensor value) { return Variable(std::move(value)).requires_grad_(); }

Variable start(DType dtype = f64) { return leaf(tensor({0.5, -1.0, 2.0, 0.25}, {.dtype = dtype})); }

/// The gradient p / 2 + cos(i + t), as the stored values were made with.
void set_gradient(const Variable& p, int t) {
  p.set_grad(Variable(p.value() * 0.5 + cos(arange(0, 4, 1, {.dtype = p.dtype()}) + t)));
}

void run(Optimizer& optimizer, const Variable& p, int from, int to) {
  for (int t = from; t < to; ++t) {
    set_gradient(p, t);
    optimizer.step();
  }
}

/// Six steps give the numbers of PyTorch 2.15 (f64), and nearly those in f32.
template <class O, class Options>
void check_against_torch(Options options, std::initializer_list<Scalar> expected) {
  for (const DType dtype : {f64, f32}) {
    const Variable p = start(dtype);
    O optimizer({{"p", p}}, options);
    run(optimizer, p, 0, 6);
    CAPTURE(text(p));
    CHECK(allclose(p.value(), tensor(expected, {.dtype = dtype}), dtype == f64 ? 1e-13 : 1e-5));
  }
}

std::vector<std::unique_ptr<Optimizer>> one_of_each(const std::vector<NamedVariable>& parameters) {
  std::vector<std::unique_ptr<Optimizer>> all;
  all.push_back(std::make_unique<optim::SGD>(parameters, optim::SGDOptions{.momentum = 0.9}));
  all.push_back(std::make_unique<optim::Adam>(parameters));
  all.push_back(std::make_unique<optim::AdamW>(parameters));
  all.push_back(std::make_unique<optim::RMSprop>(
      parameters, optim::RMSpropOptions{.momentum = 0.9, .centered = true}));
  all.push_back(std::make_unique<optim::Adagrad>(parameters));
  return all;
}

}  // namespace

TEST_CASE("SGD equals PyTorch") {
  using optim::SGD, optim::SGDOptions;
  check_against_torch<SGD>(SGDOptions{.lr = 0.1}, {0.40491602871297017, -0.72209815099709,
                                                   1.4468547928151498, 0.14556982053849854});
  check_against_torch<SGD>(
      SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01},
      {0.07321729240234241, 0.03137227660788316, 0.8064999021423281, 0.1524447221534956});
  check_against_torch<SGD>(
      SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.3},
      {0.022984619135342756, -0.2588636012111072, 1.0928306924774922, 0.3051345496835109});
  check_against_torch<SGD>(
      SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true},
      {0.14289967730889896, 0.053099731394792495, 0.5048381095496963, 0.012440332231191452});
}

TEST_CASE("Adam and AdamW equal PyTorch") {
  using optim::Adam, optim::AdamOptions, optim::AdamW, optim::AdamWOptions;
  check_against_torch<Adam>(AdamOptions{.lr = 0.1}, {0.22777899490960538, -0.7252439591127118,
                                                     1.5178307478978827, 0.3734100472467459});
  check_against_torch<Adam>(
      AdamOptions{.lr = 0.1, .betas = {0.8, 0.95}, .eps = 1e-3, .weight_decay = 0.1},
      {0.25280603841294397, -0.5178606099331096, 1.457389412524234, 0.3146475950833877});
  check_against_torch<AdamW>(AdamWOptions{.lr = 0.1}, {0.22606702512385687, -0.7197343877203171,
                                                       1.5075158799430677, 0.37114710297316533});
  check_against_torch<AdamW>(
      AdamWOptions{.lr = 0.1, .weight_decay = 0.3},
      {0.18077854955363848, -0.5725354860548963, 1.2317481987581593, 0.309855015603275});
}

TEST_CASE("RMSprop equals PyTorch") {
  using optim::RMSprop;
  using Options = optim::RMSpropOptions;
  check_against_torch<RMSprop>(Options{.lr = 0.1}, {0.3278852640339294, -0.45184951039940724,
                                                    -0.4503780752110851, -0.3026033016893523});
  check_against_torch<RMSprop>(
      Options{.lr = 0.1, .alpha = 0.8, .weight_decay = 0.1, .momentum = 0.9},
      {-0.1509322035279881, 1.4312376764337684, -0.42398729640990973, 0.3603860912241408});
  check_against_torch<RMSprop>(
      Options{.lr = 0.1, .centered = true},
      {0.3267605002195046, -0.4485661267283906, -0.4640377318801533, -0.3034149440187557});
  check_against_torch<RMSprop>(
      Options{.lr = 0.1, .momentum = 0.5, .centered = true},
      {0.6814131023991342, 0.31445846199413957, -1.2802713674335504, -0.8929654338856003});
}

TEST_CASE("Adagrad equals PyTorch") {
  using optim::Adagrad;
  using Options = optim::AdagradOptions;
  check_against_torch<Adagrad>(Options{.lr = 0.1}, {0.4114137491967781, -0.8806633134838429,
                                                    1.6362008555189704, 0.23499627454918742});
  check_against_torch<Adagrad>(
      Options{.lr = 0.1, .lr_decay = 0.1, .weight_decay = 0.1, .initial_accumulator_value = 0.5},
      {0.4078233236806806, -0.8202455198778933, 1.727816181327187, 0.24426519481397704});
}

TEST_CASE("gradients of several backward calls add up") {
  const Variable a = start(), b = start();
  optim::SGD one({{"a", a}}, {.lr = 0.1}), two({{"b", b}}, {.lr = 0.1});
  a.backward(Variable(full_like(a.value(), 3)));
  for (const double g : {1.0, 2.0}) b.backward(Variable(full_like(b.value(), g)));
  one.step();
  two.step();
  CHECK(equal(a.value(), b.value()));
  two.zero_grad();
  CHECK(!b.grad().defined());
}

TEST_CASE("a step skips parameters that are frozen or have no gradient") {
  const Variable trained = start(), frozen = start(), unused = start();
  optim::Adam adam({{"trained", trained}, {"frozen", frozen}, {"unused", unused}});
  set_gradient(trained, 0);
  set_gradient(frozen, 0);
  Variable(frozen).requires_grad_(false);
  adam.step();
  CHECK(!equal(trained.value(), start().value()));
  CHECK(equal(frozen.value(), start().value()));
  CHECK(equal(unused.value(), start().value()));
}

TEST_CASE("groups have options of their own") {
  const Variable a = start(), b = start(), c = start();
  optim::SGD both({{{{"a", a}}, {.lr = 0.1}}, {{{"b", b}}, {.lr = 0.2, .momentum = 0.9}}});
  optim::SGD alone({{"c", c}}, {.lr = 0.2, .momentum = 0.9});
  for (int t = 0; t < 3; ++t) {
    set_gradient(a, t);
    set_gradient(b, t);
    set_gradient(c, t);
    both.step();
    alone.step();
  }
  CHECK(equal(b.value(), c.value()));
  CHECK(!equal(a.value(), b.value()));
  CHECK(both.lr(0) == 0.1);
  both.set_lr_factor(0.5);
  CHECK(both.lr(0) == 0.05);
  CHECK(both.lr(1) == 0.1);
  both.set_lr(1, 1);
  CHECK(both.lr(1) == 0.5);
  both.set_lr(3);
  CHECK(both.lr(0) == 1.5);
  CHECK(both.parameters()[1].name == "b");
  const std::vector<NamedVariable> first{{"a", a}}, second{{"b", b}};
  CHECK(optim::Adam({{first, {.lr = 0.5}}, {second}}).lr(1) == 1e-3);
}

TEST_CASE("a learning rate of 0 changes nothing") {
  const Variable p = start();
  for (const auto& optimizer : one_of_each({{"p", p}})) {
    optimizer->set_lr(0);
    run(*optimizer, p, 0, 2);
    CHECK(equal(p.value(), start().value()));
  }
}

TEST_CASE("the state of every optimiser continues exactly") {
  for (size_t kind = 0; kind < 5; ++kind) {
    const Variable straight = start(), cut = start();
    const auto first = std::move(one_of_each({{"p", straight}})[kind]);
    const auto before = std::move(one_of_each({{"p", cut}})[kind]);
    first->set_lr(0.3);
    before->set_lr(0.3);
    run(*first, straight, 0, 6);
    run(*before, cut, 0, 3);
    const auto resumed = std::move(one_of_each({{"p", cut}})[kind]);
    resumed->load_state(before->state());
    before->set_lr(100);  // nothing is shared
    set_gradient(cut, 3);
    run(*resumed, cut, 3, 6);
    CAPTURE(kind, text(straight), text(cut));
    CHECK(equal(straight.value(), cut.value()));
  }
}

TEST_CASE("the state lists tensors by parameter name") {
  const Variable p = start(), unused = start();
  optim::Adam adam({{"net.p", p}, {"net.unused", unused}}, {.lr = 0.25});
  run(adam, p, 0, 2);
  const optim::OptimizerState state = adam.state();
  CHECK(state.optimizer == "Adam");
  REQUIRE(state.tensors.size() == 2);
  CHECK(state.tensors[0].first == "net.p.exp_avg");
  CHECK(state.tensors[1].first == "net.p.exp_avg_sq");
  const std::vector<std::pair<std::string, double>> scalars{
      {"lr_factor", 1}, {"group0.lr", 0.25}, {"net.p.step", 2}, {"net.unused.step", 0}};
  CHECK(state.scalars == scalars);
}

TEST_CASE("a wrong state changes nothing and is told whole") {
  const Variable p = start();
  optim::Adam adam({{"p", p}});
  run(adam, p, 0, 1);
  const auto good = adam.state();
  auto bad = good;
  bad.tensors[0].second = zeros({3}, {.dtype = f64});
  bad.tensors[1].first = "q.exp_avg_sq";
  bad.scalars[0].second = not_a_number;
  bad.scalars[2].second = 1.5;
  for (const char* part : {"Adam: load_state: lr_factor cannot be nan", "p.step cannot be 1.5",
                           "p.exp_avg is f64 (3,), expected f64 (4,)", "p.exp_avg_sq is missing",
                           "q.exp_avg_sq is not expected"})
    check_error([&] { adam.load_state(bad); }, part);
  CHECK(adam.state().scalars == good.scalars);
  CHECK(adam.state().tensors[0].second.shares_storage(good.tensors[0].second));
  bad = good;
  for (const char* name : {"y", "b", "z", "a", "x"}) bad.scalars.emplace_back(name, 0);
  check_error([&] { adam.load_state(bad); },
              "a is not expected; b is not expected; x is not expected; y is not expected; z is");
  bad = good;
  bad.scalars.push_back(good.scalars[0]);
  check_error([&] { adam.load_state(bad); }, "lr_factor stands in the state twice");
  check_error([&] { adam.load_state({}); }, "Adam: load_state: this is the state of \"\"");
  optim::Adam renamed({{"r", p}});
  check_error([&] { renamed.load_state(good); }, "r.step is missing");
}

TEST_CASE("optimisers refuse what they cannot optimise") {
  const Variable p = start();
  const auto sgd = [](std::vector<NamedVariable> parameters, optim::SGDOptions options = {}) {
    return [=] { optim::SGD(parameters, options); };
  };
  check_error(sgd({}), "SGD: group 0 has no parameters");
  check_error(sgd({{"", p}}), "SGD: every parameter needs a name");
  check_error(sgd({{"p", p}, {"p", start()}}), "SGD: two parameters are called \"p\"");
  check_error(sgd({{"p", p}, {"q", p}}), "SGD: \"q\" and \"p\" are the same parameter");
  check_error(sgd({{"p", Variable()}}), "SGD: parameter \"p\" is an empty Variable");
  check_error(sgd({{"p", p * 2}}), "SGD: \"p\" was computed by 'mul'; only leaves");
  check_error(sgd({{"p", p.detach()}}), "SGD: \"p\" is a constant: call requires_grad_()");
  const Tensor transposed = zeros({2, 3}).view_as({3, 2}, {1, 3}, 0);
  check_error(sgd({{"p", leaf(transposed)}}), "SGD: \"p\" is a view whose elements do not lie");
  check_error(sgd({{"p", p}}, {.lr = -1}), "SGD: lr must be finite and not negative, got -1");
  check_error(sgd({{"p", p}}, {.momentum = -1}), "SGD: momentum must not be negative");
  check_error(sgd({{"p", p}}, {.weight_decay = -1}), "SGD: weight_decay must not be negative");
  check_error(sgd({{"p", p}}, {.nesterov = true}), "SGD: Nesterov's form needs a momentum above 0");
}

TEST_CASE("optimisers refuse options out of range") {
  const std::vector<NamedVariable> p{{"p", start()}};
  check_error([&] { optim::Adam(p, {.betas = {0.9, 1}}); }, "Adam: betas must lie in [0, 1)");
  check_error([&] { optim::Adam(p, {.eps = -1}); }, "Adam: eps must not be negative");
  check_error([&] { optim::AdamW(p, {.weight_decay = -1}); }, "AdamW: weight_decay must not");
  check_error([&] { optim::RMSprop(p, {.alpha = -1}); }, "RMSprop: alpha must not be negative");
  check_error([&] { optim::RMSprop(p, {.eps = -1}); }, "RMSprop: eps must not be negative");
  check_error([&] { optim::RMSprop(p, {.momentum = -1}); }, "RMSprop: momentum must not");
  check_error([&] { optim::Adagrad(p, {.lr_decay = -1}); }, "Adagrad: lr_decay must not be neg");
  check_error([&] { optim::Adagrad(p, {.initial_accumulator_value = -1}); },
              "Adagrad: initial_accumulator_value must not be negative");
  check_error([&] { optim::Adagrad(p, {.lr = not_a_number}); }, "Adagrad: lr must be finite");
  optim::Adam adam(p);
  check_error([&] { adam.set_lr(1, 0.1); }, "Adam: there is no group 1 of 1");
  check_error([&] { adam.lr(1); }, "Adam: there is no group 1 of 1");
  check_error([&] { adam.set_lr_factor(-1); }, "Adam: the factor of lr must be finite");
}

TEST_CASE("every element gets the same update, wherever it lies, on any number of threads") {
  const int before = num_threads();
  for (size_t kind = 0; kind < 5; ++kind) {
    std::vector<Tensor> results;
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      const Variable p = leaf(full({3, 16387}, 0.3));
      const auto optimizer = std::move(one_of_each({{"p", p}})[kind]);
      for (const double g : {0.1, -0.7, 0.33}) {
        p.set_grad(Variable(full_like(p.value(), g)));
        optimizer->step();
      }
      const Tensor first = full_like(p.value(), p.value().at({0, 0}));
      CHECK(equal(p.value(), first));
      results.push_back(p.value());
    }
    CHECK(equal(results[0], results[1]));
  }
  set_num_threads(before);
}

TEST_CASE("steps after the first allocate nothing") {
  const Variable p = start();
  for (const auto& optimizer : one_of_each({{"p", p}})) {
    set_gradient(p, 0);
    optimizer->step();
    const int64_t before = memory_statistics().allocations;
    optimizer->step();
    CHECK(memory_statistics().allocations == before);
  }
}

TEST_CASE("a step under a graph is noticed by backward") {
  const Variable p = start();
  const Variable loss = mul(p, p)[0];
  optim::SGD sgd({{"p", p}});
  set_gradient(p, 0);
  sgd.step();
  check_error([&] { loss.backward(); }, "was changed in place after it was used");
}

TEST_CASE("clip_grad_norm_ scales to the largest norm") {
  const Variable a = start(), b = leaf(zeros({2}, {.dtype = f64})), unused = start();
  a.set_grad(Variable(tensor({1.0, 2.0, 2.0, 0.0}, {.dtype = f64})));
  b.set_grad(Variable(tensor({4.0, -0.5}, {.dtype = f64})));
  const std::vector<NamedVariable> all{{"a", a}, {"b", b}, {"unused", unused}};
  CHECK(optim::clip_grad_norm_(all, 2.5) == Approx(5.024937810560445).epsilon(1e-15));
  CHECK(a.grad().value().at({1}) == Approx(0.9950369921902267).epsilon(1e-15));  // PyTorch's
  CHECK(b.grad().value().at({1}) == Approx(-0.24875924804755667).epsilon(1e-15));
  const Tensor small = a.grad().value() * 1;
  CHECK(optim::clip_grad_norm_(all, 3) <= 2.5);
  CHECK(equal(a.grad().value(), small));  // below the limit nothing changes
  CHECK(optim::clip_grad_norm_(std::vector<NamedVariable>{{"unused", unused}}, 1) == 0);
}

TEST_CASE("clip_grad_norm_ of large, huge and broken gradients") {
  const Variable p = leaf(zeros({3, 33333}));
  const std::vector<NamedVariable> all{{"p", p}};
  p.set_grad(Variable(randn({3, 33333})));
  double expected = 0;
  for (int64_t i = 0; i < p.numel(); ++i) {
    const double g = p.grad().value().data<float>()[i];
    expected += g * g;
  }
  CHECK(optim::clip_grad_norm_(all, 1e9) == Approx(std::sqrt(expected)).epsilon(1e-12));
  p.set_grad(Variable(full({3, 33333}, 1e30)));
  CHECK(optim::clip_grad_norm_(all, 1) == Approx(1e30 * std::sqrt(99999.0)));
  CHECK(p.grad().value().at({2, 5}) == Approx(1 / std::sqrt(99999.0)));
  p.set_grad(Variable(full({3, 33333}, not_a_number)));
  CHECK(std::isnan(optim::clip_grad_norm_(all, 1)));
  p.set_grad(Variable(ones({3, 1}).view_as({3, 33333}, {1, 0}, 0)));  // one number seen often
  optim::clip_grad_norm_(all, 1);
  CHECK(p.grad().value().at({2, 33332}) == Approx(1 / std::sqrt(99999.0)));
  check_error([&] { optim::clip_grad_norm_(all, 0); }, "clip_grad_norm_: max_norm must be above");
  check_error([&] { optim::clip_grad_norm_(all, not_a_number); }, "max_norm must be above 0");
}

TEST_CASE("clip_grad_value_ clamps every element") {
  const Variable p = start();
  const std::vector<NamedVariable> all{{"p", p}};
  p.set_grad(Variable(tensor({-3.0, 0.5, 2.0, not_a_number}, {.dtype = f64})));
  optim::clip_grad_value_(all, 1);
  CHECK(equal(p.grad().value()[0], tensor(-1.0, {.dtype = f64})));
  CHECK(p.grad().value().at({1}) == 0.5);
  CHECK(p.grad().value().at({2}) == 1);
  CHECK(std::isnan(p.grad().value().at({3})));
  check_error([&] { optim::clip_grad_value_(all, -1); }, "clip_grad_value_: the limit must not");
}
