#pragma once
// internal

#include <cstdint>
#include <limits>

#include "heed/core/math.h"

/// Loops over contiguous rows, for softmax and its kin. Sums run in fixed lanes of double, so that
/// their bits depend on the length alone. T is float or double.
namespace heed::rows {

inline constexpr int64_t lanes = 32;

/// f(0) + ... + f(n - 1) in double; called inside simd::run.
template <class F>
inline double sum(int64_t n, const F& f) {
  int64_t i = 0;
  if (n < lanes) {
    double a = 0, b = 0, c = 0, d = 0;  // four chains, because one waits for its own sums
    for (; i + 4 <= n; i += 4) a += f(i), b += f(i + 1), c += f(i + 2), d += f(i + 3);
    for (; i < n; ++i) a += f(i);
    return (a + b) + (c + d);
  }
  alignas(64) double acc[lanes] = {};
  for (; i + lanes <= n; i += lanes)
    for (int64_t l = 0; l < lanes; ++l) acc[l] += f(i + l);
  for (int64_t l = 0; l < n - i; ++l) acc[l] += f(i + l);
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    for (int64_t l = 0; l < half; ++l) acc[l] += acc[l + half];
  return acc[0];
}

/// The largest element: NaN if there is one, -inf of no elements; called inside simd::run.
template <class T>
inline T max(const T* x, int64_t n) {
  T best = -std::numeric_limits<T>::infinity();
  int64_t i = 0;
  alignas(64) T acc[lanes];
  if (n >= lanes) {
    for (int64_t l = 0; l < lanes; ++l) acc[l] = x[l];
    for (i = lanes; i + lanes <= n; i += lanes)
      for (int64_t l = 0; l < lanes; ++l) acc[l] = math::maximum(acc[l], x[i + l]);
  }
  // What is left without branches: on random numbers they would be mispredicted.
  bool odd = false;
  const auto take = [&](T value) {
    best = value > best ? value : best;
    odd |= value != value;
  };
  for (int64_t l = 0; i > 0 && l < lanes; ++l) take(acc[l]);
  for (; i < n; ++i) take(x[i]);
  return odd ? std::numeric_limits<T>::quiet_NaN() : best;
}

/// What is taken out of a row before e^x: its largest element, but 0 where that is -inf.
template <class T>
inline T shift_of(T largest) {
  return largest == -std::numeric_limits<T>::infinity() ? T(0) : largest;
}

/// x_i = e^x_i for n elements, all by one vector code wherever they lie. Results below the smallest
/// normal number are 0.
template <class T>
void exp_in_place(T* x, int64_t n);

/// shifts[r] = shift_of(the largest element of row r) and sums[r] = sum_c e^(x_rc - shifts[r]) for
/// rows of n elements.
template <class T>
void exp_sums(const T* x, int64_t rows, int64_t n, T* shifts, double* sums);

/// Rows of n elements that make a task of about 20 us for a loop of a few passes.
inline constexpr int64_t rows_per_task(int64_t n) {
  return n >= 16384 ? 1 : 16384 / (n < 1 ? 1 : n);
}

}  // namespace heed::rows
