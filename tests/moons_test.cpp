// micrograd's demo: two moons, a multilayer perceptron 2-16-16-1, a max-margin loss with a little
// weight decay, 100 steps of gradient descent with a falling rate.
#include <cmath>
#include <numbers>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/nn/init.h"
#include "heed/nn/linear.h"
#include "heed/nn/loss.h"
#include "heed/nn/module.h"
#include "heed/optim/sgd.h"
#include "tests/catch.h"

using namespace heed;

namespace {

struct Moons {
  Tensor points;  // (N, 2)
  Tensor labels;  // (N), -1 or 1
};

Moons make_moons(int64_t n, double noise) {
  std::vector<double> points, labels;
  for (int64_t i = 0; i < n; ++i) {
    const bool inner = i % 2;
    const double angle = std::numbers::pi * double(i / 2) / double(n / 2 - 1);
    points.push_back(inner ? 1 - std::cos(angle) : std::cos(angle));
    points.push_back(inner ? 0.5 - std::sin(angle) : std::sin(angle));
    labels.push_back(inner ? 1 : -1);
  }
  const Tensor clean = from_values(points, {n, 2});
  return {clean + randn({n, 2}, {.dtype = f64}) * noise, from_values(labels, {n})};
}

struct Perceptron : nn::Module {
  nn::Linear first{{.in_features = 2, .out_features = 16}};
  nn::Linear second{{.in_features = 16, .out_features = 16}};
  nn::Linear last{{.in_features = 16, .out_features = 1}};

  Variable operator()(const Variable& x) const {  // (N, 2) -> (N)
    return squeeze(last(relu(second(relu(first(x))))), 1);
  }
  void members(nn::MemberVisitor& visit) override {
    visit("first", first), visit("second", second), visit("last", last);
  }
};

}  // namespace

TEST_CASE("the moons are learned to 100 %", "[moons]") {
  manual_seed(1337);
  const Moons data = make_moons(100, 0.1);
  Perceptron model;
  for (nn::Linear* layer : {&model.first, &model.second, &model.last}) {  // as micrograd begins
    nn::init::uniform_(layer->weight, -1, 1);
    nn::init::zeros_(*layer->bias);
  }
  model.to(f64);
  optim::SGD sgd(model.named_parameters());
  double accuracy = 0, loss_value = 0;
  for (int step = 0; step < 100; ++step) {
    const Variable score = model(data.points);
    Variable loss = nn::hinge_loss(score, data.labels);
    for (const Variable& p : model.parameters()) loss = loss + 1e-4 * sum(square(p));
    loss_value = loss.item();
    accuracy = mean(to(gt(score.value() * data.labels, 0), f64)).item();
    sgd.zero_grad();
    loss.backward();
    sgd.set_lr(1.0 - 0.9 * step / 100);
    sgd.step();
  }
  CHECK(accuracy == 1.0);
  CHECK(loss_value < 0.03);
}
