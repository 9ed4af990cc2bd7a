#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <type_traits>

#include "heed/core/error.h"

namespace heed {

/// The type of a tensor's elements. u8 also holds truth values (0 or 1), as comparisons give them.
enum class DType : uint8_t { f32, f64, i64, u8 };

inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
inline constexpr DType i64 = DType::i64;
inline constexpr DType u8 = DType::u8;

/// "f32", "f64", "i64", "u8".
const char* dtype_name(DType dtype);
inline std::string text(DType dtype) { return dtype_name(dtype); }
std::ostream& operator<<(std::ostream& out, DType dtype);
/// The dtype of that name; throws Error for any other.
DType dtype_from_name(std::string_view name);

/// Bytes of one element.
constexpr int64_t size_of(DType dtype) {
  return dtype == DType::u8 ? 1 : dtype == DType::f32 ? 4 : 8;
}
constexpr bool is_floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }

template <class T>
inline constexpr DType dtype_of = DType::u8;
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<int64_t> = DType::i64;

/// Calls fn(T{}) with the C++ type of the dtype. Throws Error for integers when only floats are
/// meant: `dispatch_floating(x.dtype(), "exp", [&](auto t) { using T = decltype(t); ... });`
template <class F>
decltype(auto) dispatch_floating(DType dtype, const char* op, F&& fn) {
  if (dtype == DType::f32) return fn(float{});
  if (dtype == DType::f64) return fn(double{});
  fail(op, ": expected a floating dtype (f32 or f64), got ", dtype);
}

/// The same for all four dtypes.
template <class F>
decltype(auto) dispatch_all(DType dtype, F&& fn) {
  switch (dtype) {
    case DType::f32:
      return fn(float{});
    case DType::f64:
      return fn(double{});
    case DType::i64:
      return fn(int64_t{});
    default:
      return fn(uint8_t{});
  }
}

}  // namespace heed
