// micrograd's demo, number by number: two moons of 100 points, a perceptron 2-16-16-1 in which
// every weight and every value on the way is a variable of rank 0, a max-margin loss, 100 steps of
// gradient descent. The random numbers are those of the notebook, and so the loss is.
// Karpathy 2020, github.com/karpathy/micrograd, demo.ipynb.
#include <cmath>
#include <numbers>

#include "heed/heed.h"
#include "python_random.h"
#include "tutorial.h"

using namespace heed;

namespace {

struct Point {
  double x, y, label;  // -1 or 1
};

/// sklearn.datasets.make_moons(n_samples=100, noise=0.1) after numpy.random.seed(1337).
std::vector<Point> make_moons() {
  Twister random = numpy_random(1337);
  std::vector<Point> points(100);
  for (int i = 0; i < 50; ++i) {
    const double angle = std::numbers::pi * i / 49;
    points[i] = {std::cos(angle), std::sin(angle), -1};
    points[i + 50] = {1 - std::cos(angle), 0.5 - std::sin(angle), 1};
  }
  for (uint32_t i = 99; i > 0; --i) std::swap(points[i], points[random.at_most(i)]);
  for (Point& point : points) {  // NumPy's pairs of normal numbers: Marsaglia's polar method
    double u = 0, v = 0, r = 0;
    do u = 2 * random.unit() - 1, v = 2 * random.unit() - 1, r = u * u + v * v;
    while (r >= 1 || r == 0);
    const double factor = 0.1 * std::sqrt(-2 * std::log(r) / r);
    point.x += factor * v, point.y += factor * u;
  }
  return points;
}

Variable scalar(double value) { return tensor(value, {.dtype = f64}); }

/// A neuron: its weights, then its bias. Layers of neurons make the perceptron.
using Neuron = std::vector<Variable>;
using Perceptron = std::vector<std::vector<Neuron>>;

Perceptron make_perceptron() {
  Twister random = python_random(1337);
  Perceptron layers;
  for (const auto& [in, out] : {std::pair(2, 16), std::pair(16, 16), std::pair(16, 1)}) {
    for (Neuron& neuron : layers.emplace_back(out)) {
      for (int i = 0; i < in; ++i) neuron.push_back(scalar(2 * random.unit() - 1));
      neuron.push_back(scalar(0));
      for (Variable& parameter : neuron) parameter.requires_grad_();
    }
  }
  return layers;
}

Variable score(const Perceptron& layers, const Point& point) {
  std::vector<Variable> values{scalar(point.x), scalar(point.y)};
  for (const auto& layer : layers) {
    std::vector<Variable> next;
    for (const Neuron& neuron : layer) {
      Variable sum = neuron.back();
      for (size_t i = 0; i < values.size(); ++i) sum = sum + neuron[i] * values[i];
      next.push_back(layer.size() > 1 ? relu(sum) : sum);
    }
    values = std::move(next);
  }
  return values[0];
}

}  // namespace

int main(int count, char** words) {
  return tutorial("moons", count, words, [](Tutorial& t) {
    const std::vector<Point> points = make_moons();
    const Perceptron layers = make_perceptron();
    std::vector<Variable> parameters;
    for (const auto& layer : layers)
      for (const Neuron& neuron : layer)
        parameters.insert(parameters.end(), neuron.begin(), neuron.end());
    double last = 0, accuracy = 0;
    show::Series losses{.name = "loss"};
    for (int64_t step = 0; step < t.steps(100); ++step) {
      Variable loss = scalar(0), decay = scalar(0);
      int right = 0;
      for (const Point& point : points) {
        const Variable s = score(layers, point);
        loss = loss + relu(1 - point.label * s);
        right += (point.label > 0) == (s.item() > 0);
      }
      for (const Variable& p : parameters) decay = decay + p * p;
      loss = loss / double(points.size()) + 1e-4 * decay;
      loss.backward();
      const double rate = 1.0 - 0.9 * double(step) / 100;
      {
        const NoGrad no_grad;
        for (Variable& p : parameters) p.add_(p.grad().value(), -rate), p.zero_grad();
      }
      last = loss.item(), accuracy = right / 100.0;
      losses.points.emplace_back(step, last);
      if (step % 10 == 0 || step == 99)
        t.say("step ", step, " loss ", fixed(last, 12), ", accuracy ", right, " %");
    }
    t.write("moons.svg", show::svg({.title = "Two moons: the loss of each step",
                                    .x = {.name = "step"},
                                    .y = {.name = "loss", .scale = show::Scale::logarithmic},
                                    .series = {losses}}));
    const bool same = std::abs(last - 0.010978370135492717) < 1e-9 && accuracy == 1;
    t.result(last, same, "loss " + fixed(last, 12) + ", " + fixed(100 * accuracy, 0) + " %");
  });
}
