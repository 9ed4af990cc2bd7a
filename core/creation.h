#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "heed/core/tensor.h"

namespace heed {

/// `zeros({2, 3}, {.dtype = f64})`
struct TensorOptions {
  DType dtype = f32;
};

/// Room for a shape; its numbers are whatever the memory held.
Tensor empty(const Shape& shape, TensorOptions options = {});
Tensor zeros(const Shape& shape, TensorOptions options = {});
Tensor ones(const Shape& shape, TensorOptions options = {});
/// value everywhere. Throws Error when the dtype cannot hold it.
Tensor full(const Shape& shape, Scalar value, TensorOptions options = {});

// The same with shape and dtype of another tensor.
Tensor empty_like(const Tensor& x);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, Scalar value);

/// Options of ops that read a dtype off the numbers given, as PyTorch does: i64 when all of them
/// are integers, f32 otherwise.
struct NumberOptions {
  std::optional<DType> dtype = std::nullopt;
};

/// start, start + step, ... up to but without end: ceil((end - start) / step) numbers, (N,).
/// Throws Error when step is zero or leads away from end.
Tensor arange(Scalar end, NumberOptions options = {});
Tensor arange(Scalar start, Scalar end, Scalar step = 1, NumberOptions options = {});

/// `steps` numbers from start to end, both included, at equal distances: (steps,).
Tensor linspace(Scalar start, Scalar end, int64_t steps, TensorOptions options = {});

/// Ones on the diagonal, zeros elsewhere: (n, n).
Tensor eye(int64_t n, TensorOptions options = {});

/// A 1 at each index, 0 elsewhere: (...) of i64 in [0, classes) -> (..., classes).
Tensor one_hot(const Tensor& indices, int64_t classes, TensorOptions options = {.dtype = i64});

/// A 0-dim tensor, a vector, or a matrix of the numbers written down:
/// `tensor({{1.0, 2.0}, {3.0, 4.0}}, {.dtype = f64})`.
Tensor tensor(Scalar value, NumberOptions options = {});
Tensor tensor(std::initializer_list<Scalar> values, NumberOptions options = {});
Tensor tensor(std::initializer_list<std::initializer_list<Scalar>> rows,
              NumberOptions options = {});
/// Rows of one C++ type, so that `{{1.0}, {2.0}}` is a matrix and nothing else.
template <class T>
Tensor tensor(std::initializer_list<std::initializer_list<T>> rows, NumberOptions options = {});

/// A copy of numbers in row-major order, in their own dtype: `from_values(vector, {2, 3})`.
/// Throws Error when there are not as many as the shape says.
Tensor from_values(std::span<const float> values, const Shape& shape);
Tensor from_values(std::span<const double> values, const Shape& shape);
Tensor from_values(std::span<const int64_t> values, const Shape& shape);
Tensor from_values(std::span<const uint8_t> values, const Shape& shape);

// Implementation

namespace detail {

/// Rows that are written one after the other, and their lengths, which must agree.
Tensor matrix_of(const std::vector<Scalar>& numbers, const std::vector<int64_t>& lengths,
                 NumberOptions options);

template <class T>
Tensor matrix_of(std::initializer_list<std::initializer_list<T>> rows, NumberOptions options) {
  std::vector<Scalar> numbers;
  std::vector<int64_t> lengths;
  for (const auto& row : rows) {
    numbers.insert(numbers.end(), row.begin(), row.end());
    lengths.push_back(int64_t(row.size()));
  }
  return matrix_of(numbers, lengths, options);
}

}  // namespace detail

template <class T>
Tensor tensor(std::initializer_list<std::initializer_list<T>> rows, NumberOptions options) {
  return detail::matrix_of(rows, options);
}

}  // namespace heed
