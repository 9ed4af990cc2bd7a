#include "heed/autograd/gradcheck.h"

#include <algorithm>
#include <cmath>

#include "heed/autograd/engine.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"

namespace heed {
namespace {

double dot(const Tensor& a, const Tensor& b) {
  const Tensor x = contiguous(to(a, f64)), y = contiguous(to(b, f64));
  long double sum = 0;
  for (int64_t i = 0; i < x.numel(); ++i)
    sum += (long double)(x.data<double>()[i]) * y.data<double>()[i];
  return double(sum);
}

double largest(const Tensor& a) {
  const Tensor x = contiguous(to(a, f64));
  double most = 0;
  for (int64_t i = 0; i < x.numel(); ++i) most = std::max(most, std::abs(x.data<double>()[i]));
  return most;
}

Tensor unit(const Shape& shape, int64_t element) {
  Tensor x = zeros(shape, {.dtype = f64});
  x.mutable_data<double>()[element] = 1;
  return x;
}

Dims index_of(int64_t element, const Shape& shape) {
  Dims index = shape;
  for (int i = shape.size() - 1; i >= 0; --i) {
    index[i] = element % shape[i];
    element /= shape[i];
  }
  return index;
}

/// A number for every element: 0.5 to 1.5 with a random sign, so that none is near zero.
Tensor random_weights(const Shape& shape, DType dtype, Generator& generator) {
  const RandomOptions options{.dtype = f64, .generator = &generator};
  const Tensor size = uniform(shape, 0.5, 1.5, options), sign = bernoulli(shape, 0.5, options);
  Tensor weights = empty(shape, {.dtype = f64});
  double* out = weights.mutable_data<double>();
  for (int64_t i = 0; i < weights.numel(); ++i)
    out[i] = size.data<double>()[i] * (2 * sign.data<double>()[i] - 1);
  return to(weights, dtype);
}

/// Moves an input along a direction, and back at the end of the scope.
class Mover {
 public:
  Mover(const Tensor& input, const Tensor& direction)
      : input_(input), start_(clone(input)), direction_(direction) {}
  ~Mover() { input_.copy_(start_); }
  Mover(const Mover&) = delete;
  void to(double distance) {
    Tensor moved = clone(start_);
    double* numbers = moved.mutable_data<double>();
    for (int64_t i = 0; i < moved.numel(); ++i)
      numbers[i] += distance * direction_.data<double>()[i];
    input_.copy_(moved);
  }

 private:
  const Tensor input_, start_, direction_;
};

/// What differences say about a function along a line.
struct Slope {
  double value;
  double bend;  // slope to the right minus slope to the left: shrinks with the step, but at a kink
};

/// The check of one order.
class Check {
 public:
  Check(const VariableFunction& function, std::span<const Variable> inputs,
        const GradcheckOptions& options, int order)
      : function_(function),
        inputs_(inputs),
        options_(options),
        generator_(options.seed, uint64_t(order) << 32) {
    result_.order = order;
    differentiate();
  }

  GradcheckResult run() {
    for (size_t i = 0; i < inputs_.size(); ++i) check_input(i);
    return result_;
  }

 private:
  void differentiate() {
    std::vector<Variable> outputs, incoming;
    for (const Variable& y : function_(inputs_)) {
      weights_.push_back(is_floating(y.dtype()) ? random_weights(y.shape(), y.dtype(), generator_)
                                                : Tensor());
      if (!weights_.back().defined()) continue;
      scale_ += largest(y.value()) * std::sqrt(double(y.numel()));
      if (!y.requires_grad()) continue;
      outputs.push_back(y);
      incoming.push_back(Variable(weights_.back()));
    }
    require(!outputs.empty(), "gradcheck: no output of the function requires a gradient");
    require(value() == value(),
            "gradcheck: the function gave two results for the same inputs; "
            "random numbers must be drawn from a generator that it seeds itself");
    const auto found = grad(outputs, inputs_, {.allow_unused = true}, incoming);
    for (size_t i = 0; i < inputs_.size(); ++i)
      gradients_.push_back(found[i].defined() ? clone(found[i].value())
                                              : zeros_like(inputs_[i].value()));
  }

  /// The weighted sum of all outputs.
  double value() const {
    const std::vector<Variable> outputs = function_(inputs_);
    require(outputs.size() == weights_.size(), "gradcheck: the function gave ", weights_.size(),
            " outputs, then ", outputs.size());
    double sum = 0;
    for (size_t i = 0; i < outputs.size(); ++i)
      if (weights_[i].defined()) sum += dot(outputs[i].value(), weights_[i]);
    return sum;
  }

  Slope slope(size_t input, const Tensor& direction, double h) const {
    Mover move(inputs_[input].value(), direction);
    const auto at = [&](double distance) {
      move.to(distance);
      return value();
    };
    const double near_right = at(h), near_left = at(-h), far = at(2 * h) - at(-2 * h);
    return {(8 * (near_right - near_left) - far) / (12 * h),
            (near_right + near_left - 2 * at(0)) / h};
  }

  /// Gradients below this are too small to be told from rounding.
  double floor(size_t input) const {
    return std::max(1e-3 * largest(gradients_[input]), 1e-4 * scale_);
  }

  bool direction_agrees(size_t input) {
    const Tensor direction = random_weights(inputs_[input].shape(), f64, generator_);
    const double analytic = dot(gradients_[input], direction);
    const double length = std::sqrt(dot(gradients_[input], gradients_[input]));
    const auto agrees = [&](double numeric) {
      const double size =
          std::max({std::abs(analytic), std::abs(numeric), 0.1 * length, floor(input)});
      return std::abs(analytic - numeric) <= options_.tolerance * size;
    };
    return agrees(slope(input, direction, options_.eps).value) ||
           agrees(slope(input, direction, options_.eps / 16).value);  // a kink may lie in between
  }

  void check_input(size_t input) {
    const int64_t n = inputs_[input].numel();
    if (n == 0) return;
    const bool agrees = direction_agrees(input);
    const Tensor order = randperm(n, &generator_);
    const int64_t count = agrees ? std::min(n, options_.entries_per_input) : n;
    const int64_t kinks = result_.kinks;
    for (int64_t i = 0; i < count; ++i) check_element(input, order.data<int64_t>()[i]);
    if (agrees || !result_.ok || result_.kinks > kinks) return;
    result_.ok = false;
    result_.message = "gradcheck: every element of input " + text(input) +
                      " agrees, but their sum along a random direction does not";
  }

  void check_element(size_t input, int64_t element) {
    const Tensor direction = unit(inputs_[input].shape(), element);
    const double analytic = contiguous(gradients_[input]).data<double>()[element];
    const auto error = [&](double numeric) {
      const double size = std::max({std::abs(analytic), std::abs(numeric), floor(input)});
      return analytic == numeric ? 0 : std::abs(analytic - numeric) / size;
    };
    Slope found = slope(input, direction, options_.eps);
    if (!(error(found.value) <= options_.tolerance)) {
      const Slope closer = slope(input, direction, options_.eps / 16);
      const bool kink = std::abs(closer.bend) > 0.5 * std::abs(found.bend) &&
                        std::abs(closer.bend) > 10 * floor(input);
      if (kink) return void(++result_.kinks);
      found = closer;
    }
    note(input, element, analytic, found.value, error(found.value));
  }

  void note(size_t input, int64_t element, double analytic, double numeric, double error) {
    const bool fails = !(error <= options_.tolerance);
    if (!(error > result_.error || std::isnan(error))) return;
    result_.input = input;
    result_.index = index_of(element, inputs_[input].shape());
    result_.analytic = analytic;
    result_.numeric = numeric;
    result_.error = error;
    if (!fails) return;
    result_.ok = false;
    result_.message = "gradcheck: order " + text(result_.order) + ", input " + text(input) +
                      " at " + text(result_.index) + ": analytic " + text(analytic) + ", numeric " +
                      text(numeric) + ", relative error " + text(error);
  }

  const VariableFunction& function_;
  const std::span<const Variable> inputs_;
  const GradcheckOptions& options_;
  Generator generator_;
  std::vector<Tensor> weights_;    // one for each output; undefined for integers
  std::vector<Tensor> gradients_;  // one for each input
  double scale_ = 0;               // magnitude of the weighted sum
  GradcheckResult result_;
};

void require_leaves(std::span<const Variable> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Variable& x = inputs[i];
    require(x.requires_grad() && x.is_leaf() && x.dtype() == f64, "gradcheck: input ", i,
            " must be a leaf of f64 that requires a gradient");
    for (int d = 0; d < x.dim(); ++d)
      require(x.value().strides()[d] != 0 || x.shape()[d] <= 1, "gradcheck: input ", i,
              " is expanded: its elements share memory. Clone it first");
  }
}

}  // namespace

GradcheckResult gradcheck(const VariableFunction& function, std::span<const Variable> inputs,
                          const GradcheckOptions& options) {
  require_leaves(inputs);
  const GradcheckResult first = Check(function, inputs, options, 1).run();
  if (!first.ok || !options.second_order) return first;

  // The gradient as a function of the inputs and of the weights of the outputs.
  std::vector<Variable> all(inputs.begin(), inputs.end());
  Generator generator(options.seed, uint64_t(1) << 40);
  for (const Variable& y : function(inputs))
    if (y.requires_grad())
      all.push_back(Variable(random_weights(y.shape(), y.dtype(), generator)).requires_grad_());
  const size_t n = inputs.size();
  const VariableFunction gradient = [&](std::span<const Variable> x) {
    std::vector<Variable> outputs, found;
    for (const Variable& y : function(x.first(n)))
      if (y.requires_grad()) outputs.push_back(y);
    for (Variable& g :
         grad(outputs, x.first(n), {.create_graph = true, .allow_unused = true}, x.subspan(n)))
      if (g.defined()) found.push_back(std::move(g));
    return found;
  };
  return Check(gradient, all, options, 2).run();
}

}  // namespace heed
