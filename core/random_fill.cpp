#include "heed/core/random_fill.h"

#include <algorithm>
#include <cmath>

#include "heed/core/math.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"

namespace heed::detail {
namespace {

/// Philox blocks computed side by side; a block gives four words. An element's place in its group
/// decides its block and word, so a group is always computed whole, and only then cut at the end.
constexpr int64_t lanes = 32;

/// words[w * lanes + l] = word w of philox(seed, offset, first + l); first is a multiple of lanes.
inline void philox_group(uint32_t* __restrict words, uint64_t seed, uint64_t offset,
                         uint64_t first) {
#pragma GCC ivdep
  for (uint32_t l = 0; l < lanes; ++l) {
    uint32_t c0 = uint32_t(first) + l, c1 = uint32_t(first >> 32);
    uint32_t c2 = uint32_t(offset), c3 = uint32_t(offset >> 32);
    uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t(0xD2511F53u) * c0, p1 = uint64_t(0xCD9E8D57u) * c2;
      c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
      c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
      c1 = uint32_t(p1), c3 = uint32_t(p0);
      k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    words[l] = c0, words[lanes + l] = c1, words[2 * lanes + l] = c2, words[3 * lanes + l] = c3;
  }
}

/// convert(T out[group], const uint32_t words[4 * lanes]) for every group of out.
template <int64_t group, class T, class Convert>
void fill_groups(T* out, int64_t n, uint64_t seed, uint64_t offset, const Convert& convert) {
  constexpr int64_t grain = 16384 / group;
  const int64_t whole = n / group, rest = n % group;
  const auto run = [=](T* to, int64_t begin, int64_t end) {
    simd::run([=] {
      const Convert local = convert;  // in registers: a store to `to` cannot change it
      alignas(64) uint32_t words[4 * lanes];
      for (int64_t g = begin; g < end; ++g) {
        philox_group(words, seed, offset, uint64_t(g * lanes));
        local(to + (g - begin) * group, words);
      }
    });
  };
  parallel_for(0, whole, grain, [=](int64_t b, int64_t e) { run(out + b * group, b, e); });
  if (rest == 0) return;
  alignas(64) T last[group];
  run(last, whole, whole + 1);
  std::copy_n(last, rest, out + whole * group);
}

/// Uniform in [0, 1) from one word.
inline float unit(uint32_t word) { return float(int32_t(word >> 8)) * 0x1p-24f; }
/// Uniform in [0, 1) with 53 bits, from two words.
inline double unit(uint32_t high, uint32_t low) {
  return (double(int32_t(high >> 5)) * 0x1p26 + double(int32_t(low >> 6))) * 0x1p-53;
}

constexpr double two_pi = 6.283185307179586;

template <class T>
void fill_uniform(T* out, int64_t n, T low, T scale, uint64_t seed, uint64_t offset) {
  if constexpr (std::is_same_v<T, float>) {
    fill_groups<4 * lanes>(out, n, seed, offset, [=](T* __restrict to, const uint32_t* words) {
      for (int64_t i = 0; i < 4 * lanes; ++i) to[i] = low + scale * unit(words[i]);
    });
  } else {
    fill_groups<2 * lanes>(out, n, seed, offset, [=](T* __restrict to, const uint32_t* words) {
      for (int64_t i = 0; i < 2 * lanes; ++i)
        to[i] = low + scale * unit(words[i], words[i + 2 * lanes]);
    });
  }
}

/// One pair of normals from two uniform numbers, the first in (0, 1].
template <class T>
inline void box_muller(T u1, T u2, T mean, T std, T& first, T& second) {
  const T radius = std * math::sqrt(T(-2) * math::log(u1));
  const T angle = T(two_pi) * u2;
  first = mean + radius * math::cos(angle);
  second = mean + radius * math::cos(angle - T(two_pi / 4));  // sin; g++ would join it with cos
}

/// A group of a dropout mask: `scale` where a word's 31 bits lie below the limit, else 0.
template <class T>
auto keep_below(double keep, T scale) {
  const uint32_t limit = uint32_t(std::ceil(keep * 0x1p31));
  return [=](T* __restrict to, const uint32_t* words) {
    for (int64_t i = 0; i < 4 * lanes; ++i) to[i] = (words[i] >> 1) < limit ? scale : T(0);
  };
}

template <class T>
void fill_bernoulli(T* out, int64_t n, double keep, T scale, uint64_t seed, uint64_t offset) {
  fill_groups<4 * lanes>(out, n, seed, offset, keep_below(keep, scale));
}

/// Short rows share groups with their neighbours: the last one is kept.
template <class T>
void fill_bernoulli_rows(const BernoulliRows& rows, T* out, int64_t leading, double keep, T scale,
                         uint64_t seed, uint64_t offset) {
  constexpr int64_t group = 4 * lanes;
  const auto convert = keep_below(keep, scale);
  alignas(64) T whole[group];
  int64_t drawn = -1;
  for (int64_t r = 0; r < rows.count; ++r, out += leading) {
    const int64_t first = rows.first + r * rows.stride, last = first + rows.length;
    for (int64_t g = first / group; g * group < last; ++g) {
      if (g != drawn)
        simd::run([=, to = whole] {
          alignas(64) uint32_t words[group];
          philox_group(words, seed, offset, uint64_t(g * lanes));
          convert(to, words);
        });
      drawn = g;
      const int64_t begin = std::max(first, g * group), end = std::min(last, (g + 1) * group);
      std::copy(whole + (begin - g * group), whole + (end - g * group), out + (begin - first));
    }
  }
}

}  // namespace

void bits_fill(uint64_t* out, int64_t n, uint64_t seed, uint64_t offset) {
  fill_groups<2 * lanes>(out, n, seed, offset, [](uint64_t* __restrict to, const uint32_t* words) {
    for (int64_t i = 0; i < 2 * lanes; ++i) to[i] = uint64_t(words[i]) << 32 | words[i + 2 * lanes];
  });
}

void uniform_fill(float* out, int64_t n, float low, float scale, uint64_t seed, uint64_t offset) {
  fill_uniform(out, n, low, scale, seed, offset);
}
void uniform_fill(double* out, int64_t n, double low, double scale, uint64_t seed,
                  uint64_t offset) {
  fill_uniform(out, n, low, scale, seed, offset);
}

void normal_fill(float* out, int64_t n, float mean, float std, uint64_t seed, uint64_t offset) {
  fill_groups<4 * lanes>(out, n, seed, offset, [=](float* __restrict to, const uint32_t* words) {
#pragma GCC ivdep
    for (int64_t i = 0; i < 2 * lanes; ++i) {
      const float u1 = float(int32_t(words[i] >> 1)) * 0x1p-31f + 0x1p-32f;
      box_muller(u1, unit(words[i + 2 * lanes]), mean, std, to[i], to[i + 2 * lanes]);
    }
  });
}
void normal_fill(double* out, int64_t n, double mean, double std, uint64_t seed, uint64_t offset) {
  fill_groups<2 * lanes>(out, n, seed, offset, [=](double* __restrict to, const uint32_t* words) {
#pragma GCC ivdep
    for (int64_t i = 0; i < lanes; ++i) {
      const double u1 = 1 - unit(words[i], words[i + lanes]);
      box_muller(u1, unit(words[i + 2 * lanes], words[i + 3 * lanes]), mean, std, to[i],
                 to[i + lanes]);
    }
  });
}

void bernoulli_fill(float* out, int64_t n, double keep_probability, float scale, uint64_t seed,
                    uint64_t offset) {
  fill_bernoulli(out, n, keep_probability, scale, seed, offset);
}
void bernoulli_fill(double* out, int64_t n, double keep_probability, double scale, uint64_t seed,
                    uint64_t offset) {
  fill_bernoulli(out, n, keep_probability, scale, seed, offset);
}

void bernoulli_rows(const BernoulliRows& rows, float* out, int64_t leading, double keep_probability,
                    float scale, uint64_t seed, uint64_t offset) {
  fill_bernoulli_rows(rows, out, leading, keep_probability, scale, seed, offset);
}
void bernoulli_rows(const BernoulliRows& rows, double* out, int64_t leading,
                    double keep_probability, double scale, uint64_t seed, uint64_t offset) {
  fill_bernoulli_rows(rows, out, leading, keep_probability, scale, seed, offset);
}

}  // namespace heed::detail
