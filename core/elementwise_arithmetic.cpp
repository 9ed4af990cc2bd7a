#include <cmath>

#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/core/map.h"
#include "heed/core/math.h"

namespace heed {
namespace {

template <class F>
decltype(auto) dispatch_numeric(DType dtype, const char* op, F&& fn) {
  require(dtype != u8, op, ": expected f32, f64 or i64, got u8 (convert with to())");
  if (dtype == i64) return fn(int64_t{});
  return dispatch_floating(dtype, op, fn);
}

void require_same(const Tensor& a, const Tensor& b, const char* op) {
  require(a.dtype() == b.dtype(), op, ": dtypes differ: ", a.dtype(), " and ", b.dtype(),
          " (convert with to())");
}

template <class F>
Tensor binary(const char* op, const Tensor& a, const Tensor& b, F f) {
  require_same(a, b, op);
  return dispatch_numeric(a.dtype(), op, [&](auto t) {
    using T = decltype(t);
    return detail::map<T, T, T>(op, f, a, b);
  });
}

/// A number as an operand of dtype T. Integers take whole numbers only: no op changes the dtype.
template <class T>
T operand(Scalar value, const char* op) {
  if constexpr (!std::is_floating_point_v<T>)
    require(value.is_integral() || value.value() == std::floor(value.value()), op, ": ",
            value.value(), " is not a whole number and the tensor's dtype is ", dtype_of<T>,
            " (convert with to())");
  return detail::element_of<T>(value, op);
}

template <class F>
Tensor with_scalar(const char* op, const Tensor& a, Scalar b, F f) {
  return dispatch_numeric(a.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const T value = operand<T>(b, op);
    return detail::map<T, T>(
        op, [f, value](T x) { return f(x, value); }, a);
  });
}

/// a = f(a, b); make(T{}) gives the f of elements of type T.
template <class Make>
void in_place(const char* op, const Tensor& a, const Tensor& b, const Make& make) {
  require_same(a, b, op);
  require(a.shape() == b.shape() || broadcast_shapes(a.shape(), b.shape(), op) == a.shape(), op,
          ": cannot change shape ", a.shape(), " in place by shape ", b.shape());
  if (detail::needs_copy(a, b, op)) return in_place(op, a, clone(b), make);
  dispatch_numeric(a.dtype(), op, [&](auto t) {
    using T = decltype(t);
    detail::map_into<T, T, T>(a, make(t), a, b);
  });
}

constexpr auto plus = [](auto a, auto b) { return a + b; };
constexpr auto minus = [](auto a, auto b) { return a - b; };
constexpr auto minus_from = [](auto a, auto b) { return b - a; };
constexpr auto times = [](auto a, auto b) { return a * b; };
constexpr auto over = [](auto a, auto b) { return a / b; };
constexpr auto over_from = [](auto a, auto b) { return b / a; };
constexpr auto larger = [](auto a, auto b) { return math::maximum(a, b); };
constexpr auto smaller = [](auto a, auto b) { return math::minimum(a, b); };

void require_floating(const Tensor& a, const char* op) {
  require(is_floating(a.dtype()), op, ": expected a floating dtype (f32 or f64), got ", a.dtype());
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return binary("add", a, b, plus); }
Tensor add(const Tensor& a, Scalar b) { return with_scalar("add", a, b, plus); }
Tensor sub(const Tensor& a, const Tensor& b) { return binary("sub", a, b, minus); }
Tensor sub(const Tensor& a, Scalar b) { return with_scalar("sub", a, b, minus); }
Tensor sub(Scalar a, const Tensor& b) { return with_scalar("sub", b, a, minus_from); }
Tensor mul(const Tensor& a, const Tensor& b) { return binary("mul", a, b, times); }
Tensor mul(const Tensor& a, Scalar b) { return with_scalar("mul", a, b, times); }
Tensor neg(const Tensor& a) { return mul(a, -1); }
Tensor maximum(const Tensor& a, const Tensor& b) { return binary("maximum", a, b, larger); }
Tensor maximum(const Tensor& a, Scalar b) { return with_scalar("maximum", a, b, larger); }
Tensor minimum(const Tensor& a, const Tensor& b) { return binary("minimum", a, b, smaller); }
Tensor minimum(const Tensor& a, Scalar b) { return with_scalar("minimum", a, b, smaller); }

Tensor div(const Tensor& a, const Tensor& b) {
  require_floating(a, "div");
  return binary("div", a, b, over);
}
Tensor div(const Tensor& a, Scalar b) {
  require_floating(a, "div");
  return with_scalar("div", a, b, over);
}
Tensor div(Scalar a, const Tensor& b) {
  require_floating(b, "div");
  return with_scalar("div", b, a, over_from);
}

Tensor clamp(const Tensor& x, std::optional<Scalar> low, std::optional<Scalar> high) {
  require(low || high, "clamp: expected at least one bound");
  const Tensor raised = low ? maximum(x, *low) : x;
  return high ? minimum(raised, *high) : raised;
}

void add_(const Tensor& a, const Tensor& b, Scalar alpha) {
  if (alpha.value() == 1) return in_place("add_", a, b, [](auto) { return plus; });
  in_place("add_", a, b, [&]<class T>(T) {
    return [factor = operand<T>(alpha, "add_")](T x, T y) { return x + factor * y; };
  });
}

void mul_(const Tensor& a, const Tensor& b) {
  in_place("mul_", a, b, [](auto) { return times; });
}

void mul_(const Tensor& a, Scalar b) {
  detail::needs_copy(a, a, "mul_");
  dispatch_numeric(a.dtype(), "mul_", [&](auto t) {
    using T = decltype(t);
    const T value = operand<T>(b, "mul_");
    detail::map_into<T, T>(
        a, [value](T x) { return x * value; }, a);
  });
}

}  // namespace heed
