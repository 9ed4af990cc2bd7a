// The engine: order, memory, misuse. Derivatives of ops are in gradient_*_test.cpp.
#include "heed/autograd/engine.h"

#include <pthread.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <thread>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/index.h"
#include "heed/autograd/record.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

namespace {

Variable leaf(double value) { return Variable(tensor(value, {.dtype = f64})).requires_grad_(); }
Variable leaf(std::initializer_list<Scalar> values) {
  return Variable(tensor(values, {.dtype = f64})).requires_grad_();
}

/// Runs fn in a thread with a stack of 256 KiB, where recursion over a graph would not survive.
void on_small_stack(const std::function<void()>& fn) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0);
  pthread_t thread;
  const auto start = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  const int failed =
      pthread_create(&thread, &attributes, start, const_cast<void*>(static_cast<const void*>(&fn)));
  pthread_attr_destroy(&attributes);
  REQUIRE(failed == 0);
  pthread_join(thread, nullptr);
}

double seconds(const std::function<void()>& fn) {
  const auto start = std::chrono::steady_clock::now();
  fn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr int deep = 1'000'000;

}  // namespace

TEST_CASE("engine: a diamond of 2^30 paths takes milliseconds") {
  const Variable x = leaf(1);
  const double time = seconds([&] {
    Variable y = x;
    for (int i = 0; i < 30; ++i) y = y + y;
    y.backward();
  });
  CHECK(x.grad().item() == 1 << 30);
  CHECK(time < 0.5);
}

TEST_CASE("engine: a million ops deep, on a stack of 256 KiB") {
  double gradient = 0;
  on_small_stack([&] {
    const Variable x = leaf(2);
    Variable y = x;
    for (int i = 0; i < deep; ++i) y = i % 2 ? y / 2 : y * 2;
    y.backward();
    gradient = x.grad().item();
  });
  CHECK(gradient == 1);
}

TEST_CASE("engine: a million ops deep, freed without backward, on a stack of 256 KiB") {
  on_small_stack([] {
    const Variable x = leaf(2);
    Variable y = x;
    for (int i = 0; i < deep; ++i) y = -y;
    y = Variable();  // frees the chain
  });
  SUCCEED();
}

TEST_CASE("engine: create_graph through a chain of ten thousand, on a stack of 256 KiB") {
  double second = 0;
  on_small_stack([&] {
    const Variable x = leaf(1);
    Variable y = x;
    for (int i = 0; i < 10'000; ++i) y = sin(y) + x;
    const Variable first = grad(y, {x}, {.create_graph = true})[0];
    second = grad(first, {x})[0].item();
  });
  CHECK(std::isfinite(second));
}

TEST_CASE("engine: third derivative of x^3 sin x") {
  const double at = 1.3;
  const Variable x = leaf(at);
  Variable y = x * x * x * sin(x);
  for (int i = 0; i < 3; ++i) y = grad(y, {x}, {.create_graph = true})[0];
  const double s = std::sin(at), c = std::cos(at);
  const double expected = 6 * s + 18 * at * c - 9 * at * at * s - at * at * at * c;
  CHECK(y.item() == Approx(expected).epsilon(1e-13));
}

TEST_CASE("engine: gradients accumulate in leaves over passes") {
  const Variable x = leaf({1, 2, 3});
  sum(square(x)).backward();
  sum(square(x)).backward();
  CHECK(equal(x.grad().value(), tensor({4, 8, 12}, {.dtype = f64})));
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("engine: a gradient that is kept shares its numbers with no other") {
  const Variable x = leaf({1, 2}), y = leaf({3, 4});
  const Tensor seed = ones({2}, {.dtype = f64});
  (x + y).backward(seed);
  x.grad().mul_(tensor({10, 10}, {.dtype = f64}));
  CHECK(equal(y.grad().value(), ones({2}, {.dtype = f64})));
  CHECK(equal(seed, ones({2}, {.dtype = f64})));
  // An expanded gradient holds one number for many elements: it is copied before it is kept.
  const Variable z = leaf({1, 2, 3});
  (sum(z) + sum(z)).backward();
  z.grad().mul_(tensor({1, 2, 3}, {.dtype = f64}));
  sum(z).backward();
  CHECK(equal(z.grad().value(), tensor({3, 5, 7}, {.dtype = f64})));
}

TEST_CASE("engine: a gradient handed to a pass is not changed by it") {
  const Variable x = leaf({1, 2});
  const Variable seed(ones({2}, {.dtype = f64}));
  const Variable y = x * 1;
  backward(std::vector{y, y}, std::vector{seed, seed});
  CHECK(equal(seed.value(), ones({2}, {.dtype = f64})));
  CHECK(equal(x.grad().value(), full({2}, 2, {.dtype = f64})));
}

TEST_CASE("engine: constant inputs get no edge, ops of constants are not recorded") {
  const Variable x = leaf({1, 2}), c(ones({2}, {.dtype = f64}));
  const Variable y = c * x;
  CHECK_FALSE(y.node()->edges()[0].node);
  CHECK(y.node()->edges()[1].node == x.node());
  CHECK_FALSE((c * c).node());
  {
    NoGrad no_grad;
    CHECK_FALSE((x * x).requires_grad());
    NoGrad again(true);
    CHECK((x * x).requires_grad());
  }
  CHECK((x * x).requires_grad());
  CHECK_FALSE(x.detach().requires_grad());
  CHECK(x.detach().value().shares_storage(x.value()));
}

TEST_CASE("engine: a frozen leaf gets no gradient until it is thawed") {
  Variable w = leaf({1, 2});
  const Variable x = leaf({3, 4});
  w.requires_grad_(false);
  sum(w * x).backward();
  CHECK_FALSE(w.grad().defined());
  w.requires_grad_();
  sum(w * x).backward();
  CHECK(equal(w.grad().value(), x.value()));
}

TEST_CASE("engine: grad() gives gradients of inner values and touches no leaf") {
  const Variable x = leaf({1, 2}), unused = leaf(1);
  const Variable h = square(x), y = sum(h * 3);
  const auto found = grad(y, {h, x}, {.retain_graph = true});
  CHECK(equal(found[0].value(), full({2}, 3, {.dtype = f64})));
  CHECK(equal(found[1].value(), tensor({6, 12}, {.dtype = f64})));
  CHECK_FALSE(x.grad().defined());
  CHECK(grad(y, {y})[0].item() == 1);
  check_error([&] { grad(y, {unused}); }, "do not depend on input 0 of shape ()");
  check_error([&] { grad(sum(x), {Variable(ones({2}))}); }, "grad: input 0 requires no gradient");
  CHECK_FALSE(grad(sum(x), {unused}, {.allow_unused = true})[0].defined());
}

TEST_CASE("engine: grad() of an inner value leaves what lies before it alone") {
  const Variable x = leaf({1, 2});
  const Variable h = square(x), y = sum(h * h);
  CHECK(equal(grad(y, {h})[0].value(), tensor({2, 8}, {.dtype = f64})));
  sum(h).backward();  // the rule of square was neither run nor freed
  CHECK(equal(x.grad().value(), tensor({2, 4}, {.dtype = f64})));
}

TEST_CASE("engine: misuse is explained") {
  const Variable x = leaf({1, 2});
  check_error([&] { square(x).backward(); },
              "only a value of one element has a gradient of its own");
  check_error([&] { square(x).backward(ones({3}, {.dtype = f64})); },
              "should be f64 (2,), got f64 (3,)");
  check_error([&] { square(x).backward(ones({2})); }, "should be f64 (2,), got f32 (2,)");
  check_error([&] { Variable(ones({})).backward(); },
              "requires no gradient: nothing it was computed");
  check_error([&] { Variable().backward(); }, "backward: output 0 is empty");
  const Variable y = sum(square(x));
  y.backward();
  check_error([&] { y.backward(); },
              "whose saved values the first one freed. Pass retain_graph = true");
  const Variable z = sum(square(x));
  z.backward({}, true);
  z.backward();
  CHECK(equal(x.grad().value(), tensor({6, 12}, {.dtype = f64})));
  check_error([&] { (x * 2).requires_grad_(false); },
              "only a leaf can be switched; this value was computed by 'mul'");
  check_error([&] { Variable(arange(3)).requires_grad_(); }, "only f32 and f64 have gradients");
}

TEST_CASE("engine: writing in place is refused or noticed") {
  const Variable x = leaf({1, 2});
  check_error([&] { x.add_(ones({2}, {.dtype = f64})); }, "Change it inside a NoGrad scope");
  x.set_name("encoder.weight");
  check_error([&] { x.fill_(0); }, "fill_: this leaf (encoder.weight) requires a gradient");
  check_error([&] { (x * 2).mul_(ones({2}, {.dtype = f64})); },
              "computed by 'mul' and is part of a graph");

  const Variable y = sum(square(x));
  {
    NoGrad no_grad;
    x.fill_(3);
  }
  check_error(
      [&] { y.backward(); },
      "backward of 'square': a value of shape (2,) made by 'leaf' \"encoder.weight\" was saved");
  const Variable output = exp(x);
  output.value().fill_(1);
  check_error([&] { sum(output).backward(); }, "was changed in place after it was used");
  const Variable h = x * 1;
  const Variable view = reshape(h, {2, 1}), from_view = sum(square(h));
  view.value().fill_(1);  // views share the count of writes
  check_error([&] { from_view.backward(); },
              "made by 'mul' was saved for backward at version 1 but is at version 2");
}

TEST_CASE("engine: hooks see the complete gradient and may replace it") {
  const Variable x = leaf(3);
  const Variable h = x * 1;
  std::vector<double> seen;
  h.register_hook([&](const Variable& g) {
    seen.push_back(g.item());
    return g * 10;
  });
  h.register_hook([&](const Variable& g) {
    seen.push_back(g.item());
    return Variable();  // leaves it as it is
  });
  h.retain_grad();
  (h * 2 + h * 3).backward();
  CHECK(seen == std::vector<double>{5, 50});
  CHECK(x.grad().item() == 50);
  CHECK(h.grad().item() == 50);
}

TEST_CASE("engine: the hook of a leaf runs as soon as its gradient is complete") {
  const Variable x = leaf(3), late = leaf(5);
  std::vector<std::string> order;
  const auto log = [&](const char* name) {
    return [&order, name](const Variable&) {
      order.push_back(name);
      return Variable();
    };
  };
  const Variable early = x * 2;
  early.register_hook(log("early op"));
  x.register_hook(log("x"));
  late.register_hook(log("late"));
  (exp(early) * late).backward();
  CHECK(order == std::vector<std::string>{"late", "early op", "x"});
}

TEST_CASE("engine: a hook may register hooks, run a backward of its own, and throw") {
  const Variable x = leaf(3), w = leaf(5);
  const Variable h = x * 2;
  double inner = 0;
  h.register_hook([&](const Variable&) {
    if (inner != 0) return Variable();  // the inner pass comes by as well
    inner = -1;
    NoGrad record(true);
    inner = grad(h * w, {x}, {.retain_graph = true})[0].item();  // the same nodes, in mid-pass
    h.register_hook([](const Variable& g) { return g * 7; });
    return Variable();
  });
  (h * 4).backward();
  CHECK(inner == 10);
  CHECK(x.grad().item() == 4 * 2 * 7);

  const Variable y = leaf(1);
  const Variable z = y * 2;
  bool angry = true;
  z.register_hook([&](const Variable& g) {
    if (angry) fail("the hook is angry");
    return g;
  });
  const Variable loss = z * 3;
  check_error([&] { backward(std::span(&loss, 1), {}, {.retain_graph = true}); },
              "the hook is angry");
  CHECK(recording());
  angry = false;
  loss.backward();
  CHECK(y.grad().item() == 6);
}

TEST_CASE("engine: a rule may run a backward pass of its own") {
  static constexpr Op op{"nested", "y = x^3", "found by another pass"};
  const auto cube = [](const Variable& x) {
    return record(op, x.value() * x.value() * x.value(), input(x, [x = save(x)](const Variable& g) {
                    NoGrad recorded(true);
                    const Variable inner = Variable((*x).value()).requires_grad_();
                    return g * grad(inner * inner * inner, {inner})[0];
                  }));
  };
  const Variable x = leaf(2);
  (cube(x) + cube(x)).backward();
  CHECK(x.grad().item() == 24);
}

TEST_CASE("engine: an own op in a few lines") {
  const auto cube = [](const Variable& x) {
    static constexpr Op op{"cube", "y = x^3", "dx = 3 x^2 dy"};
    return record(op, x.value() * x.value() * x.value(),
                  input(x, [x = save(x)](const Variable& g) { return 3 * *x * *x * g; }));
  };
  const Variable x = leaf(2);
  const Variable first = grad(cube(x), {x}, {.create_graph = true})[0];
  CHECK(first.item() == 12);
  CHECK(grad(first, {x})[0].item() == 12);
}

TEST_CASE("engine: a trace sees every op, its numbers and its backward") {
  struct Log final : Trace {
    std::string words;
    void computed(const Op& op, std::span<const Attribute> attributes,
                  std::span<const Variable> inputs, std::span<const Variable> outputs) override {
      words += std::string(op.name) + text(inputs.size()) + text(outputs.size());
      for (const Attribute& a : attributes) words += a.name + text(a.value);
      words += outputs[0].requires_grad() ? "r " : " ";
    }
    void differentiated(const Node& node, const Gradients& gradients) override {
      words += "d" + std::string(node.op.name) + text(gradients.inputs[0].item()) + " ";
    }
  } log;
  const Variable x = leaf(2);
  {
    TraceScope scope(log);
    const Variable y = pow(x, 2) * 3;
    CHECK(log.words == "pow11p2r mul11c3r ");
    y.backward();
  }
  CHECK(log.words.find("dmul3 ") != std::string::npos);
  CHECK(log.words.find("dpow12 ") != std::string::npos);
  const std::string before = log.words;
  (x * x).backward();
  CHECK(log.words == before);
}

TEST_CASE("engine: eight threads, each with a graph of its own") {
  std::vector<double> results(8);
  std::vector<std::thread> threads;
  const Variable shared = leaf(1.5);  // read by all, written by none
  for (size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&, i] {
      const Variable x = leaf(double(i));
      for (int step = 0; step < 300; ++step) (x * x * shared.detach()).backward();
      results[i] = x.grad().item();
    });
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < results.size(); ++i) CHECK(results[i] == 300 * 3.0 * double(i));
}
