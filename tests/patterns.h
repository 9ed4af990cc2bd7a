#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "heed/core/creation.h"
#include "heed/nn/module.h"
#include "tests/values.h"

// Numbers that a test and the script which made its constants can both write down.

/// scale sin(step i + phase) at element i, f64.
inline heed::Tensor pattern(const heed::Shape& shape, double phase = 0.3, double step = 0.7,
                            double scale = 1) {
  std::vector<double> values(size_t(heed::numel(shape)));
  for (size_t i = 0; i < values.size(); ++i) values[i] = scale * std::sin(step * double(i) + phase);
  return heed::from_values(values, shape);
}

/// Makes a module f64 and its p-th parameter pattern(shape, 1.3 p, 0.37, 0.4).
inline void fill_with_patterns(heed::nn::Module& module) {
  module.to(heed::f64);
  double phase = 0;
  for (const heed::Variable& parameter : module.parameters()) {
    parameter.value().copy_(pattern(parameter.shape(), phase, 0.37, 0.4));
    phase += 1.3;
  }
}

/// The largest |x_i - expected_i|; infinite when there are not as many numbers, or a NaN.
inline double distance(const heed::Tensor& x, const Values& expected) {
  const Values values = ::values(x);
  double largest = values.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < values.size() && i < expected.size(); ++i) {
    const double gap = std::abs(values[i] - expected[i]);
    largest = gap <= largest ? largest : gap == gap ? gap : std::numeric_limits<double>::infinity();
  }
  return largest;
}
inline double distance(const heed::Tensor& a, const heed::Tensor& b) {
  return a.shape() == b.shape() ? distance(a, values(b)) : std::numeric_limits<double>::infinity();
}

inline std::vector<std::string> parameter_names(heed::nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, numbers] : module.state_dict()) names.push_back(name);
  return names;
}
