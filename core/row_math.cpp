#include "heed/core/row_math.h"

#include <algorithm>

#include "heed/core/lanes.h"
#include "heed/core/simd.h"

namespace heed::rows {
namespace {

constexpr int64_t block = 16;    // a vector of the widest instruction set
constexpr int64_t stage = 2048;  // elements whose e^x are kept at a time

/// count is a multiple of `block`. glibc's vector exp leaves its fast path for what underflows, and
/// masked elements are -inf: so softmax has an exp of its own.
template <class T>
void exp_blocks(T* x, int64_t count) {
  simd::run_with_width([x, count](auto width) {
    using L = Lanes<T, decltype(width)::value>;
    constexpr T infinity = std::numeric_limits<T>::infinity(), most = sizeof(T) == 4 ? 88 : 709;
    for (int64_t i = 0; i < count; i += L::count) {
      const typename L::Vector power = L::at(x + i);
      typename L::Vector y = power;
      L::exp(y);
      L::at(x + i) = power > most ? typename L::Vector{} + infinity : y;
    }
  });
}

template <class T>
void subtract(const T* x, int64_t n, T shift, T* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - shift;
}

}  // namespace

template <class T>
void exp_in_place(T* x, int64_t n) {
  const int64_t body = n / block * block;
  if (body > 0) exp_blocks(x, body);
  if (body == n) return;
  alignas(64) T rest[block] = {};
  std::copy(x + body, x + n, rest);
  exp_blocks(rest, block);
  std::copy_n(rest, n - body, x + body);
}

template <class T>
void exp_sums(const T* x, int64_t rows, int64_t n, T* shifts, double* sums) {
  alignas(64) T powers[stage];
  const int64_t group = std::max<int64_t>(1, stage / std::max<int64_t>(n, 1));
  for (int64_t row = 0; row < rows; row += group) {
    const int64_t count = std::min(group, rows - row);
    const T* from = x + row * n;
    simd::run([=] {
      for (int64_t r = 0; r < count; ++r) {
        shifts[row + r] = shift_of(max(from + r * n, n));
        sums[row + r] = 0;
      }
    });
    for (int64_t done = 0; done < n; done += stage) {  // one turn unless a row is longer
      const int64_t width = std::min(stage, n - done);
      simd::run([=, to = powers] {
        for (int64_t r = 0; r < count; ++r)
          subtract(from + r * n + done, width, shifts[row + r], to + r * width);
      });
      exp_in_place(powers, count * width);
      simd::run([=, to = powers] {
        for (int64_t r = 0; r < count; ++r)
          sums[row + r] += sum(width, [=](int64_t i) { return double(to[r * width + i]); });
      });
    }
  }
}

template void exp_in_place(float*, int64_t);
template void exp_in_place(double*, int64_t);
template void exp_sums(const float*, int64_t, int64_t, float*, double*);
template void exp_sums(const double*, int64_t, int64_t, double*, double*);

}  // namespace heed::rows
