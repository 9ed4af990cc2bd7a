#pragma once

#include <cstdint>

#include "heed/core/generator.h"
#include "heed/core/tensor.h"

/// Random tensors. Each call takes one offset from its generator (the thread's default unless
/// another is given), and element i depends on (seed, offset, i) alone: the same numbers for any
/// number of threads.
namespace heed {

/// `rand({2, 3}, {.dtype = f64, .generator = &generator})`
struct RandomOptions {
  DType dtype = f32;
  Generator* generator = nullptr;  ///< null: default_generator()
};

/// Uniform in [0, 1): multiples of 2^-24 (f32) or 2^-53 (f64).
Tensor rand(const Shape& shape, RandomOptions options = {});
/// low + (high - low) rand. Throws Error unless low <= high, both finite and high - low too.
Tensor uniform(const Shape& shape, Scalar low, Scalar high, RandomOptions options = {});
/// x = low + (high - low) rand, where x lies. Throws Error as uniform does, and unless x is f32 or
/// f64.
void uniform_(const Tensor& x, Scalar low, Scalar high, Generator* generator = nullptr);

/// Normal with mean 0 and standard deviation 1. Box and Muller 1958, "A note on the generation of
/// random normal deviates".
Tensor randn(const Shape& shape, RandomOptions options = {});
/// mean + std randn. Throws Error when std is negative.
Tensor normal(const Shape& shape, Scalar mean, Scalar std, RandomOptions options = {});
/// x = mean + std randn, where x lies. Throws Error as normal does, and unless x is f32 or f64.
void normal_(const Tensor& x, Scalar mean, Scalar std, Generator* generator = nullptr);

/// 1 with probability p in [0, 1], else 0, in any dtype.
Tensor bernoulli(const Shape& shape, Scalar p, RandomOptions options = {});
/// The same with a probability for each element: p of a floating dtype, which the result takes.
Tensor bernoulli(const Tensor& p, Generator* generator = nullptr);

/// Whole numbers in [low, high), i64. A number is at most (high - low) / 2^64 more likely than
/// another.
Tensor randint(int64_t low, int64_t high, const Shape& shape, Generator* generator = nullptr);

/// The numbers 0 to n - 1 in random order, (n,) of i64.
Tensor randperm(int64_t n, Generator* generator = nullptr);

/// n indices drawn with the given weights, which need not add up to 1: (..., K) -> (..., n) of i64.
/// Without replacement each index comes at most once. Throws Error for weights that are negative,
/// not finite or all zero, and for n beyond the number of weights above zero.
Tensor multinomial(const Tensor& weights, int64_t n, bool replacement = false,
                   Generator* generator = nullptr);

}  // namespace heed
