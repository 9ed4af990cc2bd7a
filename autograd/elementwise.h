#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/elementwise.h"

/// Elementwise ops of Variables: the functions of core/elementwise.h, recorded. Formulas and errors
/// are stated there; derivatives beside the code. At kinks: relu'(0) = abs'(0) = sign' = 0, clamp
/// passes the gradient at a bound, equal arguments of maximum and minimum get half each.
namespace heed {

Variable add(const Variable& a, const Variable& b);
Variable add(const Variable& a, Scalar b);
Variable sub(const Variable& a, const Variable& b);
Variable sub(const Variable& a, Scalar b);
Variable sub(Scalar a, const Variable& b);
Variable mul(const Variable& a, const Variable& b);
Variable mul(const Variable& a, Scalar b);
Variable div(const Variable& a, const Variable& b);
Variable div(const Variable& a, Scalar b);
Variable div(Scalar a, const Variable& b);
Variable neg(const Variable& a);
Variable maximum(const Variable& a, const Variable& b);
Variable maximum(const Variable& a, Scalar b);
Variable minimum(const Variable& a, const Variable& b);
Variable minimum(const Variable& a, Scalar b);
Variable clamp(const Variable& x, std::optional<Scalar> low, std::optional<Scalar> high = {});
Variable where(const Tensor& condition, const Variable& a, const Variable& b);
Variable where(const Tensor& condition, const Variable& a, Scalar b);
Variable where(const Tensor& condition, Scalar a, const Variable& b);

inline Variable operator+(const Variable& a, const Variable& b) { return add(a, b); }
inline Variable operator+(const Variable& a, Scalar b) { return add(a, b); }
inline Variable operator+(Scalar a, const Variable& b) { return add(b, a); }
inline Variable operator-(const Variable& a, const Variable& b) { return sub(a, b); }
inline Variable operator-(const Variable& a, Scalar b) { return sub(a, b); }
inline Variable operator-(Scalar a, const Variable& b) { return sub(a, b); }
inline Variable operator*(const Variable& a, const Variable& b) { return mul(a, b); }
inline Variable operator*(const Variable& a, Scalar b) { return mul(a, b); }
inline Variable operator*(Scalar a, const Variable& b) { return mul(b, a); }
inline Variable operator/(const Variable& a, const Variable& b) { return div(a, b); }
inline Variable operator/(const Variable& a, Scalar b) { return div(a, b); }
inline Variable operator/(Scalar a, const Variable& b) { return div(a, b); }
inline Variable operator-(const Variable& a) { return neg(a); }

// Comparisons have no derivative: they give a Tensor of u8.
inline Tensor operator<(const Variable& a, const Variable& b) { return lt(a.value(), b.value()); }
inline Tensor operator<(const Variable& a, Scalar b) { return lt(a.value(), b); }
inline Tensor operator<=(const Variable& a, const Variable& b) { return le(a.value(), b.value()); }
inline Tensor operator<=(const Variable& a, Scalar b) { return le(a.value(), b); }
inline Tensor operator>(const Variable& a, const Variable& b) { return gt(a.value(), b.value()); }
inline Tensor operator>(const Variable& a, Scalar b) { return gt(a.value(), b); }
inline Tensor operator>=(const Variable& a, const Variable& b) { return ge(a.value(), b.value()); }
inline Tensor operator>=(const Variable& a, Scalar b) { return ge(a.value(), b); }

inline Tensor eq(const Variable& a, const Variable& b) { return eq(a.value(), b.value()); }
inline Tensor eq(const Variable& a, Scalar b) { return eq(a.value(), b); }
inline Tensor ne(const Variable& a, const Variable& b) { return ne(a.value(), b.value()); }
inline Tensor ne(const Variable& a, Scalar b) { return ne(a.value(), b); }
inline Tensor isfinite(const Variable& x) { return isfinite(x.value()); }
inline Tensor isnan(const Variable& x) { return isnan(x.value()); }

Variable exp(const Variable& x);
Variable log(const Variable& x);
Variable log1p(const Variable& x);
Variable sqrt(const Variable& x);
Variable rsqrt(const Variable& x);
Variable square(const Variable& x);
Variable pow(const Variable& x, Scalar exponent);
Variable pow(const Variable& x, const Variable& exponent);
Variable abs(const Variable& x);
Variable sign(const Variable& x);
Variable sin(const Variable& x);
Variable cos(const Variable& x);
Variable tanh(const Variable& x);
Variable erf(const Variable& x);
Variable floor(const Variable& x);
Variable round(const Variable& x);
Variable sigmoid(const Variable& x);
Variable relu(const Variable& x);
Variable leaky_relu(const Variable& x, double negative_slope = 0.01);
Variable gelu(const Variable& x, GeluForm form = GeluForm::exact);
Variable silu(const Variable& x);
Variable softplus(const Variable& x);

}  // namespace heed
