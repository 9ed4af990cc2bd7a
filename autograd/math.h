#pragma once
// internal

#include "heed/autograd/elementwise.h"
#include "heed/core/math.h"

/// The names of core/math.h for Variables: so that one generic lambda is both the kernel of a
/// derivative (of floats) and its differentiable form (of Variables).
namespace heed::math {

inline Variable exp(const Variable& x) { return heed::exp(x); }
inline Variable log(const Variable& x) { return heed::log(x); }
inline Variable sin(const Variable& x) { return heed::sin(x); }
inline Variable cos(const Variable& x) { return heed::cos(x); }
inline Variable tanh(const Variable& x) { return heed::tanh(x); }
inline Variable erf(const Variable& x) { return heed::erf(x); }
inline Variable sqrt(const Variable& x) { return heed::sqrt(x); }
inline Variable sigmoid(const Variable& x) { return heed::sigmoid(x); }
inline Variable sign(const Variable& x) { return heed::sign(x); }
inline Variable pow(const Variable& x, const Variable& y) { return heed::pow(x, y); }
inline Variable select(const Tensor& condition, const Variable& a, const Variable& b) {
  return where(condition, a, b);
}
Variable like(const Variable& x, double c);

}  // namespace heed::math
