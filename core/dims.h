#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

#include "heed/core/error.h"

namespace heed {

/// The largest number of dimensions a tensor can have.
inline constexpr int max_dims = 8;

/// A short list of sizes or strides, stored in place: no heap.
class Dims {
 public:
  constexpr Dims() = default;
  constexpr Dims(std::initializer_list<int64_t> values)
      : Dims(std::span<const int64_t>(values.begin(), values.size())) {}
  constexpr explicit Dims(std::span<const int64_t> values) {
    for (int64_t value : values) push_back(value);
  }
  /// One size or dimension: `sum(x, 1)`, `zeros(3)`.
  template <std::integral T>
  requires(!std::same_as<T, bool>) constexpr Dims(T value) {  // NOLINT: implicit
    push_back(int64_t(value));
  }
  /// count copies of value.
  static constexpr Dims filled(int count, int64_t value) {
    Dims dims;
    for (int i = 0; i < count; ++i) dims.push_back(value);
    return dims;
  }

  constexpr int size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr int64_t operator[](int i) const { return values_[size_t(i)]; }
  constexpr int64_t& operator[](int i) { return values_[size_t(i)]; }
  constexpr const int64_t* begin() const { return values_.data(); }
  constexpr const int64_t* end() const { return values_.data() + size_; }
  constexpr int64_t* begin() { return values_.data(); }
  constexpr int64_t* end() { return values_.data() + size_; }
  constexpr int64_t back() const { return values_[size_t(size_ - 1)]; }

  constexpr void push_back(int64_t value) {
    if (size_ == max_dims) fail("shape: a tensor has at most ", max_dims, " dimensions");
    values_[size_t(size_++)] = value;
  }
  constexpr void insert(int position, int64_t value) {
    push_back(value);
    for (int i = size_ - 1; i > position; --i) (*this)[i] = (*this)[i - 1];
    (*this)[position] = value;
  }
  constexpr void erase(int position) {
    for (int i = position; i + 1 < size_; ++i) (*this)[i] = (*this)[i + 1];
    --size_;
  }

  friend constexpr bool operator==(const Dims& a, const Dims& b) {
    if (a.size_ != b.size_) return false;
    for (int i = 0; i < a.size_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

 private:
  std::array<int64_t, max_dims> values_{};
  int size_ = 0;
};

using Shape = Dims;
using Strides = Dims;

/// "(2, 3)", "(5,)", "()": as Python writes a tuple.
std::string text(const Dims& dims);
std::ostream& operator<<(std::ostream& out, const Dims& dims);

/// The product of the sizes. Throws Error when a size is negative or the product exceeds 2^40.
int64_t numel(const Shape& shape);

/// Strides of a tensor whose rows lie one behind the other (row-major, in elements).
Strides contiguous_strides(const Shape& shape);

/// The shape that both broadcast to: aligned at the right, sizes equal or 1.
/// Throws Error "op: shapes (2, 3) and (4,) do not broadcast: ...".
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op);

/// A dimension counted from the end when negative, as an index in [0, dims).
/// Throws Error "op: dimension 3 is out of range for shape (2, 3)".
int normalize_dim(int64_t dim, const Shape& shape, const char* op);

/// a * b; throws Error when it does not fit int64.
int64_t checked_multiply(int64_t a, int64_t b);

}  // namespace heed
