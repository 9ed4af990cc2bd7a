#pragma once

#include <optional>

#include "heed/core/scalar.h"
#include "heed/core/tensor.h"

/// Elementwise ops of tensors. Two tensors broadcast to their common shape and must have one dtype;
/// a Scalar takes the tensor's dtype (i64: whole numbers only). NaN in gives NaN out. Every op
/// returns a new tensor of the (broadcast) shape and throws Error for shapes that do not broadcast
/// and dtypes that differ.
namespace heed {

// Arithmetic of f32, f64 and i64 (div: f32 and f64).
Tensor add(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, Scalar b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, Scalar b);
Tensor sub(Scalar a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, Scalar b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, Scalar b);
Tensor div(Scalar a, const Tensor& b);
Tensor neg(const Tensor& a);
Tensor maximum(const Tensor& a, const Tensor& b);  ///< the larger one; NaN when either is NaN
Tensor maximum(const Tensor& a, Scalar b);
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, Scalar b);
/// min(max(x, low), high); a bound that is not given does not limit.
Tensor clamp(const Tensor& x, std::optional<Scalar> low, std::optional<Scalar> high = {});

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator+(const Tensor& a, Scalar b) { return add(a, b); }
inline Tensor operator+(Scalar a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator-(const Tensor& a, Scalar b) { return sub(a, b); }
inline Tensor operator-(Scalar a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, Scalar b) { return mul(a, b); }
inline Tensor operator*(Scalar a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, Scalar b) { return div(a, b); }
inline Tensor operator/(Scalar a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& a) { return neg(a); }

// In place: a must have the broadcast shape and no elements that share memory (as an expanded
// tensor's do); b may be a view of a's numbers, which are read as they were before.
void add_(const Tensor& a, const Tensor& b, Scalar alpha = 1);  ///< a += alpha b
void mul_(const Tensor& a, const Tensor& b);                    ///< a *= b
void mul_(const Tensor& a, Scalar b);

// Comparison of any dtype, as u8: 1 where it holds. Comparisons with NaN do not hold (ne does).
Tensor eq(const Tensor& a, const Tensor& b);
Tensor eq(const Tensor& a, Scalar b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, Scalar b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, Scalar b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, Scalar b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, Scalar b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, Scalar b);
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<(const Tensor& a, Scalar b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator<=(const Tensor& a, Scalar b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>(const Tensor& a, Scalar b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator>=(const Tensor& a, Scalar b) { return ge(a, b); }

// Logic of u8: any number but 0 counts as true.
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& a);
Tensor isfinite(const Tensor& x);  ///< 1 where neither NaN nor infinite
Tensor isnan(const Tensor& x);

/// a where condition (u8) is not 0, b elsewhere; the three broadcast.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, Scalar b);
Tensor where(const Tensor& condition, Scalar a, const Tensor& b);
/// The same of two numbers, as f32.
Tensor where(const Tensor& condition, Scalar a, Scalar b);

/// Do all elements satisfy |a - b| <= atol + rtol |b|? Shapes broadcast; infinities are close to
/// themselves alone.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);
/// Have the two one shape, one dtype and the same elements? NaN equals nothing.
bool equal(const Tensor& a, const Tensor& b);

// Functions of f32 and f64. The vectorised ones are within 4 ulp.
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor log1p(const Tensor& x);  ///< log(1 + x), exact for small x
Tensor sqrt(const Tensor& x);
Tensor rsqrt(const Tensor& x);  ///< 1 / sqrt(x)
Tensor square(const Tensor& x);
Tensor pow(const Tensor& x, Scalar exponent);
Tensor pow(const Tensor& x, const Tensor& exponent);
Tensor abs(const Tensor& x);   ///< also of i64
Tensor sign(const Tensor& x);  ///< -1, 0 or 1
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor erf(const Tensor& x);
Tensor floor(const Tensor& x);
Tensor round(const Tensor& x);    ///< halves to the even neighbour
Tensor sigmoid(const Tensor& x);  ///< 1 / (1 + e^-x)
Tensor relu(const Tensor& x);     ///< max(x, 0)
Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01);
enum class GeluForm { exact, tanh };
/// x Phi(x), or its tanh approximation. Hendrycks & Gimpel 2016, "Gaussian error linear units".
Tensor gelu(const Tensor& x, GeluForm form = GeluForm::exact);
Tensor silu(const Tensor& x);      ///< x sigmoid(x)
Tensor softplus(const Tensor& x);  ///< log(1 + e^x)

}  // namespace heed
