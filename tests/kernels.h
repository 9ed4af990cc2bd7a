#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/generator.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/values.h"

// Helpers for tests that hold a kernel against plain loops over double.

/// Numbers in [-1, 1).
template <class T>
std::vector<T> random_numbers(int64_t count, uint64_t seed) {
  heed::Generator generator(seed);
  std::vector<T> out(static_cast<size_t>(count));
  for (T& x : out) x = T(2 * generator.real() - 1);
  return out;
}

inline double largest(const Values& x) {
  double most = 0;
  for (double value : x) most = std::max(most, std::abs(value));
  return most;
}

/// max |got - want|: infinite where one of the two is NaN, or infinite, and the other is not.
inline double distance(const Values& got, const Values& want) {
  double worst = got.size() == want.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(got.size(), want.size()); ++i) {
    const bool same = got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i]));
    const double gap = same ? 0 : std::abs(got[i] - want[i]);
    worst = std::isnan(gap) ? INFINITY : std::max(worst, gap);
  }
  return worst;
}

/// Are these the same bits?
inline bool same_bits(const heed::Tensor& a, const heed::Tensor& b) {
  const heed::Tensor x = contiguous(a), y = contiguous(b);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         (x.numel() == 0 || std::memcmp(x.raw_data(), y.raw_data(),
                                        size_t(x.numel() * heed::size_of(x.dtype()))) == 0);
}

/// fn() gives the same bits with 1, 2 and 3 threads.
template <class F>
void check_threads(const F& fn) {
  heed::set_num_threads(1);
  const heed::Tensor one = fn();
  for (int threads : {2, 3}) {
    heed::set_num_threads(threads);
    CAPTURE(threads);
    CHECK(same_bits(fn(), one));
  }
  heed::set_num_threads(0);
}

/// A strided view with the same numbers: its dimensions lie in memory in the opposite order.
inline heed::Tensor reversed_layout(const heed::Tensor& x) {
  heed::Dims order;
  for (int i = x.dim() - 1; i >= 0; --i) order.push_back(i);
  return permute(contiguous(permute(x, order)), order);
}
