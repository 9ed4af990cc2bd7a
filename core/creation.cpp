#include "heed/core/creation.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "heed/core/convert.h"
#include "heed/core/index.h"
#include "heed/core/parallel.h"

namespace heed {
namespace {

constexpr int64_t grain = 16384;

bool all_integral(std::span<const Scalar> values) {
  return std::all_of(values.begin(), values.end(), [](Scalar v) { return v.is_integral(); });
}

DType dtype_of_numbers(std::span<const Scalar> values, NumberOptions options) {
  return options.dtype.value_or(!values.empty() && all_integral(values) ? i64 : f32);
}

// How many numbers arange makes. Integers are counted exactly, beyond what a double can hold.
int64_t arange_count(Scalar start, Scalar end, Scalar step) {
  const double from = start.value(), to = end.value(), by = step.value();
  require(std::isfinite(from) && std::isfinite(to) && std::isfinite(by) && by != 0,
          "arange: expected finite bounds and a step other than 0, got start ", from, ", end ", to,
          ", step ", by);
  require(by > 0 ? from <= to : from >= to, "arange: a step of ", by, " leads from ", from,
          " away from ", to);
  if (all_integral(std::array{start, end, step})) {
    const uint64_t a = uint64_t(start.to<int64_t>()), b = uint64_t(end.to<int64_t>());
    const uint64_t s = uint64_t(step.to<int64_t>());
    const uint64_t distance = by > 0 ? b - a : a - b, size = by > 0 ? s : 0 - s;
    const uint64_t count = distance / size + (distance % size != 0);
    return int64_t(std::min(count, uint64_t(1) << 62));
  }
  return int64_t(std::min(std::ceil((to - from) / by), 0x1p62));
}

template <class T>
void arange_fill(T* out, int64_t count, Scalar start, Scalar step) {
  const bool integral = all_integral(std::array{start, step});
  if (count > 0 && !(integral && std::is_same_v<T, int64_t>)) {
    detail::element_of<T>(start, "arange");
    detail::element_of<T>(start.value() + double(count - 1) * step.value(), "arange");
  }
  const auto run = [&](auto from, auto by) {
    parallel_for(0, count, grain, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; ++i) out[i] = T(from + decltype(by)(i) * by);
    });
  };
  if (std::is_integral_v<T> && integral)  // unsigned, because a product of large ones may wrap
    run(uint64_t(start.to<int64_t>()), uint64_t(step.to<int64_t>()));
  else
    run(start.value(), step.value());
}

Tensor of_numbers(std::span<const Scalar> values, const Shape& shape, NumberOptions options) {
  Tensor out = Tensor::allocate(shape, dtype_of_numbers(values, options));
  dispatch_all(out.dtype(), [&](auto t) {
    using T = decltype(t);
    T* to = out.mutable_data<T>();
    for (Scalar value : values) *to++ = detail::element_of<T>(value, "tensor");
  });
  return out;
}

template <class T>
Tensor copy_values(std::span<const T> values, const Shape& shape) {
  require(numel(shape) == int64_t(values.size()), "from_values: shape ", shape, " has ",
          numel(shape), " elements, got ", values.size(), " values");
  Tensor out = Tensor::allocate(shape, dtype_of<T>);
  std::copy(values.begin(), values.end(), out.mutable_data<T>());
  return out;
}

}  // namespace

Tensor empty(const Shape& shape, TensorOptions options) {
  return Tensor::allocate(shape, options.dtype);
}
Tensor zeros(const Shape& shape, TensorOptions options) { return full(shape, 0, options); }
Tensor ones(const Shape& shape, TensorOptions options) { return full(shape, 1, options); }
Tensor full(const Shape& shape, Scalar value, TensorOptions options) {
  dispatch_all(options.dtype, [&](auto t) { detail::element_of<decltype(t)>(value, "full"); });
  Tensor out = Tensor::allocate(shape, options.dtype);
  out.fill_(value);
  return out;
}

Tensor empty_like(const Tensor& x) { return Tensor::allocate(x.shape(), x.dtype()); }
Tensor zeros_like(const Tensor& x) { return full_like(x, 0); }
Tensor ones_like(const Tensor& x) { return full_like(x, 1); }
Tensor full_like(const Tensor& x, Scalar value) {
  return full(x.shape(), value, {.dtype = x.dtype()});
}

Tensor arange(Scalar end, NumberOptions options) { return arange(0, end, 1, options); }
Tensor arange(Scalar start, Scalar end, Scalar step, NumberOptions options) {
  const DType dtype = dtype_of_numbers(std::array{start, end, step}, options);
  const int64_t count = arange_count(start, end, step);
  Tensor out = Tensor::allocate({count}, dtype);
  dispatch_all(dtype,
               [&](auto t) { arange_fill(out.mutable_data<decltype(t)>(), count, start, step); });
  return out;
}

Tensor linspace(Scalar start, Scalar end, int64_t steps, TensorOptions options) {
  require(steps >= 0, "linspace: the number of steps must not be negative, got ", steps);
  Tensor out = Tensor::allocate({steps}, options.dtype);
  dispatch_floating(options.dtype, "linspace", [&](auto t) {
    using T = decltype(t);
    T* values = out.mutable_data<T>();
    const double from = start.value(), to = end.value();
    const double step = steps > 1 ? (to - from) / double(steps - 1) : 0;
    for (int64_t i = 0; i < steps; ++i)  // from both ends, so that each end is exact
      values[i] = T(2 * i < steps ? from + double(i) * step : to - double(steps - 1 - i) * step);
  });
  return out;
}

Tensor eye(int64_t n, TensorOptions options) {
  Tensor out = zeros({n, n}, options);
  out.view_as({n}, {n + 1}, 0).fill_(1);
  return out;
}

Tensor one_hot(const Tensor& indices, int64_t classes, TensorOptions options) {
  require(classes >= 1, "one_hot: expected at least one class, got ", classes);
  detail::check_indices(indices, classes, "one_hot");
  Shape shape = indices.shape();
  shape.push_back(classes);
  Tensor out = zeros(shape, options);  // (..., classes)
  const Tensor rows = contiguous(indices);
  const int64_t* index = rows.data<int64_t>();
  dispatch_all(options.dtype, [&](auto t) {
    using T = decltype(t);
    T* values = out.mutable_data<T>();
    for (int64_t i = 0; i < rows.numel(); ++i) values[i * classes + index[i]] = T(1);
  });
  return out;
}

Tensor tensor(Scalar value, NumberOptions options) {
  return of_numbers(std::span(&value, 1), {}, options);
}
Tensor tensor(std::initializer_list<Scalar> values, NumberOptions options) {
  return of_numbers(std::span(values.begin(), values.size()), {int64_t(values.size())}, options);
}
Tensor tensor(std::initializer_list<std::initializer_list<Scalar>> rows, NumberOptions options) {
  return detail::matrix_of(rows, options);
}
Tensor detail::matrix_of(const std::vector<Scalar>& numbers, const std::vector<int64_t>& lengths,
                         NumberOptions options) {
  const int64_t columns = lengths.empty() ? 0 : lengths[0];
  for (int64_t length : lengths)
    require(length == columns, "tensor: rows of different lengths: ", columns, " and ", length);
  return of_numbers(numbers, {int64_t(lengths.size()), columns}, options);
}

Tensor from_values(std::span<const float> values, const Shape& shape) {
  return copy_values(values, shape);
}
Tensor from_values(std::span<const double> values, const Shape& shape) {
  return copy_values(values, shape);
}
Tensor from_values(std::span<const int64_t> values, const Shape& shape) {
  return copy_values(values, shape);
}
Tensor from_values(std::span<const uint8_t> values, const Shape& shape) {
  return copy_values(values, shape);
}

}  // namespace heed
