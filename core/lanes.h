#pragma once
// internal

#include <cstdint>
#include <type_traits>
#include <utility>

namespace heed {

/// The elements of one vector register of Width bytes, for kernels written with vector types inside
/// simd::run_with_width. T is float or double. Vectors are handed over by reference: passed by
/// value they would belong to the instruction set's calling convention.
template <class T, int Width>
struct Lanes {
  using Integer = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  typedef T Vector __attribute__((vector_size(Width)));
  typedef Integer Bits __attribute__((vector_size(Width)));
  typedef T Memory __attribute__((vector_size(Width), aligned(alignof(T)), may_alias));
  static constexpr int64_t count = Width / int(sizeof(T));

  /// The vector at that place in memory, to read or to write.
  [[gnu::always_inline]] static const Memory& at(const T* place) {
    return *reinterpret_cast<const Memory*>(place);
  }
  [[gnu::always_inline]] static Memory& at(T* place) { return *reinterpret_cast<Memory*>(place); }

  /// Lane i of x[0] becomes the sum of the lanes of x[i], for as many vectors as there are lanes;
  /// each is added up in the same order.
  [[gnu::always_inline]] static void add_lanes(Vector* x) { fold<int(count)>(x, Indices()); }

  /// x = e^x for x up to 88 (f64: 709), within 2 ulp: 2^n e^r with |r| <= log(2) / 2, e^r by its
  /// series. 0 where the result would not be a normal number; NaN for NaN. No call, unlike the
  /// library's.
  [[gnu::always_inline]] static void exp(Vector& x) {
    constexpr bool narrow = sizeof(T) == 4;
    constexpr T lowest = narrow ? T(-87) : T(-708);
    constexpr T rounder = narrow ? T(0x1.8p23) : T(0x1.8p52);  // adding it rounds to whole numbers
    constexpr T log2_high = narrow ? T(0x1.62e4p-1) : T(0x1.62e42feep-1);
    constexpr T log2_low = narrow ? T(0x1.7f7d1cf79abcap-20) : T(0x1.a39ef35793c76p-33);
    constexpr int degree = narrow ? 7 : 13;
    const Vector shifted = x * T(1.4426950408889634) + rounder;
    const Vector n = shifted - rounder;
    const Vector r = (x - n * log2_high) - n * log2_low;
    T factorial = 1;
    for (int i = 2; i <= degree; ++i) factorial *= T(i);
    Vector sum = Vector{} + 1 / factorial;
    for (int i = degree; i > 0; --i) {
      factorial /= T(i);
      sum = sum * r + 1 / factorial;
    }
    const Bits power = ((Bits)shifted + (narrow ? 127 : 1023)) << (narrow ? 23 : 52);
    x = x < lowest ? Vector{} : sum * (Vector)power;  // the whole number's bits, as an exponent
  }

 private:
  using Indices = std::make_integer_sequence<int, int(count)>;

  /// x[i] and x[i + Group / 2] hold sums in groups of Group lanes; x[i] becomes those of both in
  /// turn, added up to groups of half as many; and so on.
  template <int Group, int... I>
  [[gnu::always_inline]] static void fold(Vector* x, std::integer_sequence<int, I...> all) {
    constexpr int half = Group / 2;
    for (int i = 0; i < half; ++i) {
      const Vector a = x[i], b = x[i + half];
      const Vector low = __builtin_shufflevector(
          a, b, (I / half % 2 * int(count) + I / Group * Group + I % half)...);
      const Vector high = __builtin_shufflevector(
          a, b, (I / half % 2 * int(count) + I / Group * Group + half + I % half)...);
      x[i] = low + high;
    }
    if constexpr (half > 1) fold<half>(x, all);
  }
};

}  // namespace heed
