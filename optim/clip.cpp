#include "heed/optim/clip.h"

#include "heed/optim/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/core/map.h"
#include "heed/core/math.h"
#include "heed/core/parallel.h"

namespace heed::optim {
namespace {

constexpr int64_t piece = 32768;  // elements whose squares are added together
constexpr int lanes = 16;

/// Sum of squares of at most a piece of elements, in double, in an order fixed by the lanes.
template <class T>
double sum_of_squares(const T* x, int64_t n) {
  std::array<double, lanes> sums{};
  simd::run([x, n, out = sums.data()] {
    double lane[lanes] = {};
    for (int64_t i = 0; i + lanes <= n; i += lanes)
      for (int k = 0; k < lanes; ++k) lane[k] += double(x[i + k]) * double(x[i + k]);
    for (int k = 0; k < lanes; ++k) out[k] = lane[k];
  });
  for (int64_t i = n / lanes * lanes; i < n; ++i)
    sums[size_t(i % lanes)] += double(x[i]) * double(x[i]);
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

double sum_of_squares(const Tensor& x) {
  const int64_t n = x.numel();
  std::vector<double> sums(size_t((n + piece - 1) / piece));
  dispatch_floating(x.dtype(), "clip_grad_norm_", [&](auto t) {
    const auto* data = x.data<decltype(t)>();
    parallel_for(0, n, piece, [&](int64_t begin, int64_t end) {
      sums[size_t(begin / piece)] = sum_of_squares(data + begin, end - begin);
    });
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

/// The gradients, each with numbers in rows that may be written.
std::vector<Tensor> gradients_of(std::span<const NamedVariable> parameters) {
  std::vector<Tensor> gradients;
  for (const auto& [name, variable] : parameters) {
    if (!variable.grad().defined()) continue;
    if (!variable.grad().value().is_contiguous())
      variable.set_grad(Variable(contiguous(variable.grad().value())));
    gradients.push_back(variable.grad().value());
  }
  return gradients;
}

}  // namespace

double clip_grad_norm_(std::span<const NamedVariable> parameters, double max_norm) {
  require(max_norm > 0, "clip_grad_norm_: max_norm must be above 0, got ", max_norm);
  const std::vector<Tensor> gradients = gradients_of(parameters);
  double total = 0;
  for (const Tensor& gradient : gradients) total += sum_of_squares(gradient);
  const double norm = std::sqrt(total), scale = max_norm / (norm + 1e-6);
  if (!(scale >= 1))  // NaN too
    for (const Tensor& gradient : gradients) mul_(gradient, scale);
  return norm;
}

void clip_grad_value_(std::span<const NamedVariable> parameters, double limit) {
  require(limit >= 0, "clip_grad_value_: the limit must not be negative, got ", limit);
  for (const Tensor& gradient : gradients_of(parameters))
    dispatch_floating(gradient.dtype(), "clip_grad_value_", [&](auto t) {
      using T = decltype(t);
      const auto clamp = [most = T(limit)](T x) {
        return math::minimum(math::maximum(x, -most), most);
      };
      heed::detail::map_into<T, T>(gradient, clamp, gradient);
    });
}

double clip_grad_norm_(const std::vector<Variable>& parameters, double max_norm) {
  return clip_grad_norm_(numbered(parameters), max_norm);
}

void clip_grad_value_(const std::vector<Variable>& parameters, double limit) {
  clip_grad_value_(numbered(parameters), limit);
}

}  // namespace heed::optim
