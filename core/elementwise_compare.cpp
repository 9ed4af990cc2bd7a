#include "heed/core/elementwise.h"

#include <cmath>

#include "heed/core/map.h"
#include "heed/core/math.h"

namespace heed {
namespace {

template <class F>
Tensor compare(const char* op, const Tensor& a, const Tensor& b, F f) {
  require(a.dtype() == b.dtype(), op, ": dtypes differ: ", a.dtype(), " and ", b.dtype());
  return dispatch_all(a.dtype(), [&](auto t) {
    using T = decltype(t);
    return detail::map<uint8_t, T, T>(op, f, a, b);
  });
}

template <class F>
Tensor compare(const char* op, const Tensor& a, Scalar b, F f) {
  return dispatch_all(a.dtype(), [&](auto t) {
    using T = decltype(t);
    // Numbers that T cannot hold (0.5 for i64, -1 for u8) are compared as doubles.
    const T value = b.to<T>();
    if (double(value) == b.value() || b.value() != b.value())
      return detail::map<uint8_t, T>(
          op, [f, value](T x) { return f(x, value); }, a);
    const double real = b.value();
    if constexpr (std::is_floating_point_v<T>)
      return detail::map<uint8_t, T>(
          op, [f, value](T x) { return f(x, value); }, a);
    else
      return detail::map<uint8_t, T>(
          op, [f, real](T x) { return f(double(x), real); }, a);
  });
}

constexpr auto equals = [](auto a, auto b) { return a == b; };
constexpr auto differs = [](auto a, auto b) { return a != b; };
constexpr auto less = [](auto a, auto b) { return a < b; };
constexpr auto less_equal = [](auto a, auto b) { return a <= b; };
constexpr auto greater = [](auto a, auto b) { return a > b; };
constexpr auto greater_equal = [](auto a, auto b) { return a >= b; };

template <class F>
Tensor logic(const char* op, const Tensor& a, const Tensor& b, F f) {
  require(a.dtype() == u8 && b.dtype() == u8, op, ": expected u8, got ", a.dtype(), " and ",
          b.dtype());
  return detail::map<uint8_t, uint8_t, uint8_t>(op, f, a, b);
}

void require_condition(const Tensor& condition) {
  require(condition.dtype() == u8, "where: the condition must be u8, got ", condition.dtype());
}

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b) { return compare("eq", a, b, equals); }
Tensor eq(const Tensor& a, Scalar b) { return compare("eq", a, b, equals); }
Tensor ne(const Tensor& a, const Tensor& b) { return compare("ne", a, b, differs); }
Tensor ne(const Tensor& a, Scalar b) { return compare("ne", a, b, differs); }
Tensor lt(const Tensor& a, const Tensor& b) { return compare("lt", a, b, less); }
Tensor lt(const Tensor& a, Scalar b) { return compare("lt", a, b, less); }
Tensor le(const Tensor& a, const Tensor& b) { return compare("le", a, b, less_equal); }
Tensor le(const Tensor& a, Scalar b) { return compare("le", a, b, less_equal); }
Tensor gt(const Tensor& a, const Tensor& b) { return compare("gt", a, b, greater); }
Tensor gt(const Tensor& a, Scalar b) { return compare("gt", a, b, greater); }
Tensor ge(const Tensor& a, const Tensor& b) { return compare("ge", a, b, greater_equal); }
Tensor ge(const Tensor& a, Scalar b) { return compare("ge", a, b, greater_equal); }

Tensor logical_and(const Tensor& a, const Tensor& b) {
  return logic("logical_and", a, b, [](uint8_t x, uint8_t y) { return x != 0 && y != 0; });
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return logic("logical_or", a, b, [](uint8_t x, uint8_t y) { return x != 0 || y != 0; });
}
Tensor logical_not(const Tensor& a) {
  require(a.dtype() == u8, "logical_not: expected u8, got ", a.dtype());
  return detail::map<uint8_t, uint8_t>(
      "logical_not", [](uint8_t x) { return x == 0; }, a);
}

Tensor isfinite(const Tensor& x) {
  return dispatch_floating(x.dtype(), "isfinite", [&](auto t) {
    using T = decltype(t);
    return detail::map<uint8_t, T>(
        "isfinite", [](T v) { return v - v == T(0); }, x);
  });
}

Tensor isnan(const Tensor& x) {
  return dispatch_floating(x.dtype(), "isnan", [&](auto t) {
    using T = decltype(t);
    return detail::map<uint8_t, T>(
        "isnan", [](T v) { return v != v; }, x);
  });
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  require_condition(condition);
  require(a.dtype() == b.dtype(), "where: dtypes differ: ", a.dtype(), " and ", b.dtype());
  return dispatch_all(a.dtype(), [&](auto t) {
    using T = decltype(t);
    return detail::map<T, uint8_t, T, T>(
        "where", [](uint8_t c, T x, T y) { return math::select(c != 0, x, y); }, condition, a, b);
  });
}

Tensor where(const Tensor& condition, const Tensor& a, Scalar b) {
  require_condition(condition);
  require(is_floating(a.dtype()) || std::floor(b.value()) == b.value(), "where: ", b.value(),
          " is not a whole number and the tensor's dtype is ", a.dtype());
  return dispatch_all(a.dtype(), [&](auto t) {
    using T = decltype(t);
    const T other = b.to<T>();
    return detail::map<T, uint8_t, T>(
        "where", [other](uint8_t c, T x) { return math::select(c != 0, x, other); }, condition, a);
  });
}

Tensor where(const Tensor& condition, Scalar a, const Tensor& b) {
  return where(logical_not(condition), b, a);
}

Tensor where(const Tensor& condition, Scalar a, Scalar b) {
  require_condition(condition);
  const float x = a.to<float>(), y = b.to<float>();
  return detail::map<float, uint8_t>(
      "where", [x, y](uint8_t c) { return math::select(c != 0, x, y); }, condition);
}

}  // namespace heed
