#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace heed {

/// A C++ number as an argument of an op. It takes the tensor's dtype, and is never converted to a
/// Tensor, so that `x + 1` means one thing.
class Scalar {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Scalar(T value) : real_(double(value)), integral_(std::is_integral_v<T>) {
    if constexpr (std::is_integral_v<T>) integer_ = int64_t(value);
  }

  /// The number as T. Integers keep all 64 bits.
  template <class T>
  constexpr T to() const {
    return integral_ ? T(integer_) : T(real_);
  }
  constexpr double value() const { return real_; }
  /// Was it written as an integer (or bool)?
  constexpr bool is_integral() const { return integral_; }

 private:
  double real_;
  int64_t integer_ = 0;  // kept beside real_: a double holds only 53 bits
  bool integral_;
};

}  // namespace heed
