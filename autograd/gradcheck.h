#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "heed/autograd/variable.h"

namespace heed {

struct GradcheckOptions {
  double eps = 5e-4;          ///< the step of the differences, for inputs of magnitude 1 or less
  double tolerance = 1e-6;    ///< the largest relative error that passes
  bool second_order = false;  ///< also check the gradient of the gradient
  uint64_t seed = 0;          ///< of the random weights of outputs and directions of inputs
  int64_t entries_per_input = 8;  ///< elements that are checked one by one besides the projection
};

/// What gradcheck found. The element is the worst one that was looked at.
struct GradcheckResult {
  bool ok = true;
  std::string message;  ///< empty when ok; else a sentence with the numbers below
  int order = 1;  ///< 2: in the gradient of the gradient, whose inputs are those of the function
                  ///< and then one weight for each of its outputs
  size_t input = 0;
  Dims index;
  double analytic = 0, numeric = 0, error = 0;
  int64_t kinks = 0;  ///< elements left out because the function has a kink there

  explicit operator bool() const { return ok; }
};

using VariableFunction = std::function<std::vector<Variable>(std::span<const Variable>)>;

/// Compares the derivatives of a function with differences of fourth order,
///     f'(x) = (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h,
/// where f is a random weighted sum of all outputs. Each input is checked along one random
/// direction, which every element takes part in, and at single elements; where the direction
/// disagrees, every element is looked at. Errors are relative to the element, or to 1/1000 of the
/// largest element of the gradient where that is more. Inputs are leaves of f64 that require a
/// gradient; their numbers are changed in place and restored, so the function may also read them
/// from elsewhere (the parameters of a module). Throws Error for other inputs and for a function
/// without an output that requires a gradient.
GradcheckResult gradcheck(const VariableFunction& function, std::span<const Variable> inputs,
                          const GradcheckOptions& options = {});

/// `gradcheck([](auto x) { return exp(x[0]); }, {x})`: one output, or a vector of them.
template <class F>
GradcheckResult gradcheck(const F& function, std::initializer_list<Variable> inputs,
                          const GradcheckOptions& options = {}) {
  const VariableFunction outputs = [&](std::span<const Variable> x) -> std::vector<Variable> {
    if constexpr (std::convertible_to<decltype(function(x)), Variable>)
      return {function(x)};
    else
      return function(x);
  };
  return gradcheck(outputs, std::span(inputs.begin(), inputs.size()), options);
}

}  // namespace heed
