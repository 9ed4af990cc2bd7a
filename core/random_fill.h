#pragma once
// internal

#include <cstdint>

namespace heed::detail {

/// Kernels behind random.h: out[i] for i < n from (seed, offset, i) alone, in parallel.

/// 64 random bits each.
void bits_fill(uint64_t* out, int64_t n, uint64_t seed, uint64_t offset);

/// low + scale u with u uniform in [0, 1).
void uniform_fill(float* out, int64_t n, float low, float scale, uint64_t seed, uint64_t offset);
void uniform_fill(double* out, int64_t n, double low, double scale, uint64_t seed, uint64_t offset);

/// mean + std z with z standard normal.
void normal_fill(float* out, int64_t n, float mean, float std, uint64_t seed, uint64_t offset);
void normal_fill(double* out, int64_t n, double mean, double std, uint64_t seed, uint64_t offset);

/// `scale` with probability keep_probability, else 0: a dropout mask. The same elements are kept
/// for either type.
void bernoulli_fill(float* out, int64_t n, double keep_probability, float scale, uint64_t seed,
                    uint64_t offset);
void bernoulli_fill(double* out, int64_t n, double keep_probability, double scale, uint64_t seed,
                    uint64_t offset);

/// `count` rows of `length` numbers among those that bernoulli_fill gives, the first of them number
/// `first`, the next row `stride` further on.
struct BernoulliRows {
  int64_t first, count, stride, length;
};
/// They, `leading` apart, on the calling thread.
void bernoulli_rows(const BernoulliRows& rows, float* out, int64_t leading, double keep_probability,
                    float scale, uint64_t seed, uint64_t offset);
void bernoulli_rows(const BernoulliRows& rows, double* out, int64_t leading,
                    double keep_probability, double scale, uint64_t seed, uint64_t offset);

}  // namespace heed::detail
