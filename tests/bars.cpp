#include "tests/bars.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

#include "tests/values.h"

using namespace heed;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double ulp(double right) {
  const float size = std::abs(float(right));
  return double(std::nextafter(size, std::numeric_limits<float>::infinity())) - double(size);
}

/// The error of one element but for a common scale.
double element_error(Measure measure, DType dtype, double got, double right) {
  if (measure == Measure::exact && dtype == f32) right = double(float(right));
  if (got == right || (std::isnan(got) && std::isnan(right))) return 0;
  if (!std::isfinite(got) || !std::isfinite(right)) return infinity;
  const double difference = std::abs(got - right);
  switch (measure) {
    case Measure::exact:
      return 1;
    case Measure::ulps:
      return difference / ulp(right);
    case Measure::relative:
      return difference / std::abs(right);
    default:
      return difference;
  }
}

}  // namespace

double error_of(Measure measure, const Tensor& got, const Tensor& right) {
  require(got.shape() == right.shape(), "got shape ", got.shape(), ", right is ", right.shape());
  const Values g = values(got), r = values(right);
  double largest = 0, squares = 0, scale = 0, norm = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    const double error = element_error(measure, got.dtype(), g[i], r[i]);
    largest = std::max(largest, error);
    squares += error * error;
    if (!std::isfinite(r[i])) continue;
    scale = std::max(scale, std::abs(r[i]));
    norm += r[i] * r[i];
  }
  if (largest == 0) return 0;
  if (measure == Measure::scaled) return largest / scale;
  if (measure == Measure::norm) return std::sqrt(squares) / std::sqrt(norm);
  return largest;
}

const BarRow& bars_of(DType dtype, std::string_view op, std::string_view family) {
  const std::span<const BarRow> rows =
      dtype == f64 ? std::span<const BarRow>(bars::f64_rows) : bars::f32_rows;
  const auto find = [&](std::string_view name) {
    return std::find_if(rows.begin(), rows.end(), [&](const BarRow& r) { return r.name == name; });
  };
  for (const std::string_view name :
       {family == "kinks" ? family : op, family, std::string_view()}) {
    if (const auto row = find(name); row != rows.end()) return *row;
  }
  fail("no bar for ", std::string(op), " of ", std::string(family));
}
