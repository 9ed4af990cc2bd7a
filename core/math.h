#pragma once
// internal

#include <cmath>
#include <cstdint>
#include <limits>

#include "heed/core/simd.h"

/// The scalar functions that op lambdas are made of. Each has a float and a double form here, and
/// a Variable form in autograd/math.h, so that one generic lambda serves kernel and derivative.
namespace heed::math {

inline float exp(float x) { return ::expf(x); }
inline double exp(double x) { return ::exp(x); }
inline float log(float x) { return ::logf(x); }
inline double log(double x) { return ::log(x); }
inline float log1p(float x) { return ::log1pf(x); }
inline double log1p(double x) { return ::log1p(x); }
inline float sqrt(float x) { return __builtin_sqrtf(x); }
inline double sqrt(double x) { return __builtin_sqrt(x); }
inline float sin(float x) { return ::sinf(x); }
inline double sin(double x) { return ::sin(x); }
inline float cos(float x) { return ::cosf(x); }
inline double cos(double x) { return ::cos(x); }
inline float tanh(float x) { return ::tanhf(x); }
inline double tanh(double x) { return ::tanh(x); }
inline float erf(float x) { return ::erff(x); }
inline double erf(double x) { return ::erf(x); }
inline float pow(float x, float y) { return ::powf(x, y); }
inline double pow(double x, double y) { return ::pow(x, y); }
inline float abs(float x) { return __builtin_fabsf(x); }
inline double abs(double x) { return __builtin_fabs(x); }
inline int64_t abs(int64_t x) { return x < 0 ? -x : x; }
inline float floor(float x) { return __builtin_floorf(x); }
inline double floor(double x) { return __builtin_floor(x); }
/// To the nearest whole number, halves to the even one (as PyTorch and IEEE 754 do).
inline float round(float x) { return __builtin_rintf(x); }
inline double round(double x) { return __builtin_rint(x); }

/// cond ? a : b with both sides already computed, which is what vectorises.
template <class T>
inline T select(bool cond, T a, T b) {
  return cond ? a : b;
}

/// The constant c in the type of x.
template <class T>
inline T like(T, double c) {
  return T(c);
}

/// -1, 0 or 1; NaN for NaN.
template <class T>
inline T sign(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x;  // x itself: 0 or NaN
}

/// The larger one; NaN when either is NaN.
template <class T>
inline T maximum(T a, T b) {
  return (a > b || a != a) ? a : b;
}
template <class T>
inline T minimum(T a, T b) {
  return (a < b || a != a) ? a : b;
}

/// 1 / (1 + e^-x)
template <class T>
inline T sigmoid(T x) {
  return T(1) / (T(1) + math::exp(-x));
}

}  // namespace heed::math
