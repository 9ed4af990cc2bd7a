// Functions of one argument: the value comes from core, the derivative is one generic lambda of the
// input x, of the output y, or of neither.
#include <numbers>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/pointwise.h"

namespace heed {
namespace {

using detail::pointwise;
using detail::pointwise_over;

/// dx = dy f(y): nothing but the output is kept.
template <class F>
Variable from_output(const Call& call, const Variable& x, Tensor y, F derivative) {
  return record(call, std::move(y), input(x, [derivative](const Variable& g, const Variable& y) {
                  return pointwise_over([derivative](auto g, auto y) { return g * derivative(y); },
                                        g, y);
                }));
}

/// dx = dy f(x)
template <class F>
Variable from_input(const Call& call, const Variable& x, Tensor y, F derivative) {
  return record(call, std::move(y), input(x, [derivative, x = save(x)](const Variable& g) {
                  return pointwise_over([derivative](auto g, auto x) { return g * derivative(x); },
                                        g, *x);
                }));
}

/// dx = 0: the function is constant between its steps.
Variable step_function(const Call& call, const Variable& x, Tensor y) {
  return record(call, std::move(y), input(x, [](const Variable& g) { return g * 0; }));
}

}  // namespace

Variable exp(const Variable& x) {
  static constexpr Op op{"exp", "y = e^x", "dx = dy y"};
  return from_output(op, x, exp(x.value()), [](auto y) { return y; });
}

Variable log(const Variable& x) {
  static constexpr Op op{"log", "y = log(x)", "dx = dy / x"};
  return from_input(op, x, log(x.value()), [](auto x) { return 1 / x; });
}

Variable log1p(const Variable& x) {
  static constexpr Op op{"log1p", "y = log(1 + x)", "dx = dy / (1 + x)"};
  return from_input(op, x, log1p(x.value()), [](auto x) { return 1 / (1 + x); });
}

Variable sqrt(const Variable& x) {
  static constexpr Op op{"sqrt", "y = sqrt(x)", "dx = dy / (2 y)"};
  return from_output(op, x, sqrt(x.value()), [](auto y) { return 1 / (2 * y); });
}

Variable rsqrt(const Variable& x) {
  static constexpr Op op{"rsqrt", "y = 1 / sqrt(x)", "dx = -dy y^3 / 2"};
  return from_output(op, x, rsqrt(x.value()), [](auto y) { return -(y * y * y) / 2; });
}

Variable square(const Variable& x) {
  static constexpr Op op{"square", "y = x^2", "dx = 2 x dy"};
  return from_input(op, x, square(x.value()), [](auto x) { return 2 * x; });
}

Variable abs(const Variable& x) {
  static constexpr Op op{"abs", "y = |x|", "dx = dy sign(x)"};
  return from_input(op, x, abs(x.value()), [](auto x) { return math::sign(x); });
}

Variable sin(const Variable& x) {
  static constexpr Op op{"sin", "y = sin(x)", "dx = dy cos(x)"};
  return from_input(op, x, sin(x.value()), [](auto x) { return math::cos(x); });
}

Variable cos(const Variable& x) {
  static constexpr Op op{"cos", "y = cos(x)", "dx = -dy sin(x)"};
  return from_input(op, x, cos(x.value()), [](auto x) { return -math::sin(x); });
}

Variable tanh(const Variable& x) {
  static constexpr Op op{"tanh", "y = tanh(x)", "dx = dy (1 - y^2)"};
  return from_output(op, x, tanh(x.value()), [](auto y) { return 1 - y * y; });
}

Variable erf(const Variable& x) {
  static constexpr Op op{"erf", "y = erf(x)", "dx = dy 2 / sqrt(pi) e^(-x^2)"};
  return from_input(op, x, erf(x.value()), [](auto x) {
    return math::like(x, 2 * std::numbers::inv_sqrtpi) * math::exp(-(x * x));
  });
}

Variable sign(const Variable& x) {
  static constexpr Op op{"sign", "y = sign(x)", "dx = 0"};
  return step_function(op, x, sign(x.value()));
}

Variable floor(const Variable& x) {
  static constexpr Op op{"floor", "y = floor(x)", "dx = 0"};
  return step_function(op, x, floor(x.value()));
}

Variable round(const Variable& x) {
  static constexpr Op op{"round", "y = round(x)", "dx = 0"};
  return step_function(op, x, round(x.value()));
}

Variable sigmoid(const Variable& x) {
  static constexpr Op op{"sigmoid", "y = 1 / (1 + e^-x)", "dx = dy y (1 - y)"};
  return from_output(op, x, sigmoid(x.value()), [](auto y) { return y * (1 - y); });
}

Variable relu(const Variable& x) {
  static constexpr Op op{"relu", "y = max(x, 0)", "dx = dy [x > 0]"};
  return from_output(op, x, relu(x.value()), [](auto y) {
    return math::select(y <= 0, math::like(y, 0), math::like(y, 1));  // NaN passes
  });
}

Variable leaky_relu(const Variable& x, double slope) {
  static constexpr Op op{"leaky_relu", "y = x > 0 ? x : s x", "dx = dy (x > 0 ? 1 : s)"};
  return from_input({op, {"s", slope}}, x, leaky_relu(x.value(), slope), [slope](auto x) {
    return math::select(x > 0, math::like(x, 1), math::like(x, slope));
  });
}

Variable gelu(const Variable& x, GeluForm form) {
  if (form == GeluForm::exact) {
    static constexpr Op op{"gelu", "y = x Phi(x)", "dx = dy (Phi(x) + x phi(x))"};
    return from_input(op, x, gelu(x.value()), [](auto x) {
      const auto cdf = math::like(x, 0.5) * (1 + math::erf(x * math::like(x, M_SQRT1_2)));
      const double peak = std::numbers::inv_sqrtpi * M_SQRT1_2;  // 1 / sqrt(2 pi)
      return cdf + x * math::like(x, peak) * math::exp(x * x * math::like(x, -0.5));
    });
  }
  static constexpr Op op{"gelu_tanh", "y = x (1 + t) / 2, t = tanh(u), u = a (x + b x^3)",
                         "dx = dy ((1 + t) / 2 + x (1 - t^2) u' / 2)"};
  return from_input(op, x, gelu(x.value(), form), [](auto x) {
    const double a = 0.7978845608028654, b = 0.044715;  // a = sqrt(2 / pi)
    const auto square = x * x;
    const auto t = math::tanh(math::like(x, a) * x * (1 + math::like(x, b) * square));
    const auto slope = math::like(x, a) * (1 + math::like(x, 3 * b) * square);
    return math::like(x, 0.5) * (1 + t + x * (1 - t * t) * slope);
  });
}

Variable silu(const Variable& x) {
  static constexpr Op op{"silu", "y = x s(x)", "dx = dy s(x) (1 + x (1 - s(x)))"};
  return from_input(op, x, silu(x.value()), [](auto x) {
    const auto s = math::sigmoid(x);
    return s * (1 + x * (1 - s));
  });
}

Variable softplus(const Variable& x) {
  static constexpr Op op{"softplus", "y = log(1 + e^x)", "dx = dy sigmoid(x)"};
  return from_input(op, x, softplus(x.value()), [](auto x) { return math::sigmoid(x); });
}

Variable pow(const Variable& x, Scalar exponent) {
  static constexpr Op op{"pow", "y = x^p", "dx = dy p x^(p - 1)"};
  const double p = exponent.value();
  return record({op, {"p", p}}, pow(x.value(), exponent),
                input(x, [x = save(x), p](const Variable& g) {
                  if (p == 0) return g * 0;
                  return g * pow(*x, Scalar(p - 1)) * p;
                }));
}

Variable pow(const Variable& x, const Variable& exponent) {
  static constexpr Op op{"pow", "y = x^p", "dx = dy p x^(p - 1), dp = dy y log(x)", true};
  return record(op, pow(x.value(), exponent.value()),
                input(x,
                      [x = save(x), p = save(exponent)](const Variable& g) {
                        return pointwise(
                            [](auto g, auto x, auto p) {  // p = 0 is flat everywhere, also at x = 0
                              return math::select(p * p <= 0, g * p, g * p * math::pow(x, p - 1));
                            },
                            g, *x, *p);
                      }),
                input(exponent, [x = save(x)](const Variable& g, const Variable& y) {
                  return pointwise(
                      [](auto g, auto x, auto y) {  // 0^p stays 0
                        return math::select(math::sign(x) * math::sign(x) <= 0, g * x,
                                            g * y * math::log(x));
                      },
                      g, *x, y);
                }));
}

}  // namespace heed
