#include "heed/core/elementwise.h"
#include "heed/core/map.h"
#include "heed/core/math.h"

namespace heed {
namespace {

template <class F>
Tensor unary(const char* op, const Tensor& x, F f) {
  return dispatch_floating(x.dtype(), op, [&](auto t) {
    using T = decltype(t);
    return detail::map<T, T>(op, f, x);
  });
}

}  // namespace

Tensor exp(const Tensor& x) {
  return unary("exp", x, [](auto v) { return math::exp(v); });
}
Tensor log(const Tensor& x) {
  return unary("log", x, [](auto v) { return math::log(v); });
}
Tensor log1p(const Tensor& x) {
  return unary("log1p", x, [](auto v) { return math::log1p(v); });
}
Tensor sqrt(const Tensor& x) {
  return unary("sqrt", x, [](auto v) { return math::sqrt(v); });
}
Tensor rsqrt(const Tensor& x) {
  return unary("rsqrt", x, [](auto v) { return 1 / math::sqrt(v); });
}
Tensor square(const Tensor& x) {
  return unary("square", x, [](auto v) { return v * v; });
}
Tensor sin(const Tensor& x) {
  return unary("sin", x, [](auto v) { return math::sin(v); });
}
Tensor cos(const Tensor& x) {
  return unary("cos", x, [](auto v) { return math::cos(v); });
}
Tensor tanh(const Tensor& x) {
  return unary("tanh", x, [](auto v) { return math::tanh(v); });
}
Tensor erf(const Tensor& x) {
  return unary("erf", x, [](auto v) { return math::erf(v); });
}
Tensor sign(const Tensor& x) {
  return unary("sign", x, [](auto v) { return math::sign(v); });
}
Tensor floor(const Tensor& x) {
  return unary("floor", x, [](auto v) { return math::floor(v); });
}
Tensor round(const Tensor& x) {
  return unary("round", x, [](auto v) { return math::round(v); });
}
Tensor sigmoid(const Tensor& x) {
  return unary("sigmoid", x, [](auto v) { return math::sigmoid(v); });
}
Tensor relu(const Tensor& x) {
  return unary("relu", x, [](auto v) { return math::maximum(v, decltype(v)(0)); });
}
Tensor leaky_relu(const Tensor& x, double negative_slope) {
  return unary("leaky_relu", x,
               [s = negative_slope](auto v) { return math::select(v > 0, v, decltype(v)(s) * v); });
}
Tensor silu(const Tensor& x) {
  return unary("silu", x, [](auto v) { return v * math::sigmoid(v); });
}

Tensor gelu(const Tensor& x, GeluForm form) {
  if (form == GeluForm::exact)
    return unary("gelu", x, [](auto v) {
      using T = decltype(v);
      return T(0.5) * v * (1 + math::erf(v * T(M_SQRT1_2)));
    });
  return unary("gelu", x, [](auto v) {
    using T = decltype(v);
    const T inner = T(0.7978845608028654) * (v + T(0.044715) * v * v * v);  // sqrt(2 / pi)
    return T(0.5) * v * (1 + math::tanh(inner));
  });
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|) never overflows.
Tensor softplus(const Tensor& x) {
  return unary("softplus", x, [](auto v) {
    return math::maximum(v, decltype(v)(0)) + math::log1p(math::exp(-math::abs(v)));
  });
}

Tensor abs(const Tensor& x) {
  if (x.dtype() == i64)
    return detail::map<int64_t, int64_t>(
        "abs", [](int64_t v) { return math::abs(v); }, x);
  return unary("abs", x, [](auto v) { return math::abs(v); });
}

Tensor pow(const Tensor& x, Scalar exponent) {
  if (exponent.value() == 2) return square(x);
  if (exponent.value() == 3) return unary("pow", x, [](auto v) { return v * v * v; });
  return unary("pow", x, [e = exponent.value()](auto v) { return math::pow(v, decltype(v)(e)); });
}

Tensor pow(const Tensor& x, const Tensor& exponent) {
  require(x.dtype() == exponent.dtype(), "pow: dtypes differ: ", x.dtype(), " and ",
          exponent.dtype());
  return dispatch_floating(x.dtype(), "pow", [&](auto t) {
    using T = decltype(t);
    return detail::map<T, T, T>(
        "pow", [](T v, T e) { return math::pow(v, e); }, x, exponent);
  });
}

}  // namespace heed
