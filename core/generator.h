#pragma once

#include <array>
#include <cstdint>

namespace heed {

/// One block of Philox 4x32-10: four random 32-bit words for a key and a 128-bit counter.
/// Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 4.1.
std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_high, uint64_t counter_low);

/// A stream of random numbers that is only two integers: seed and offset. Element i of a random
/// tensor depends on (seed, offset, i) alone, so any number of threads draws the same numbers, and
/// saving the two integers saves the stream.
class Generator {
 public:
  explicit Generator(uint64_t seed = 0, uint64_t offset = 0) : seed_(seed), offset_(offset) {}

  uint64_t seed() const { return seed_; }
  uint64_t offset() const { return offset_; }

  /// Reserves one offset for one random op and returns it.
  uint64_t take() { return offset_++; }

  /// Does it draw? See NoDraws.
  bool draws() const { return draws_; }

  /// A random 64-bit word.
  uint64_t bits();
  /// A whole number in [0, bound), without bias. bound >= 1.
  int64_t integer(int64_t bound);
  /// A real number in [0, 1) with 53 random bits.
  double real();

 private:
  friend class NoDraws;
  uint64_t seed_;
  uint64_t offset_;
  bool draws_ = true;
};

/// The calling thread's default generator, used by random ops that are given no other.
Generator& default_generator();

/// Seeds the calling thread's default generator (its offset starts at 0 again).
void manual_seed(uint64_t seed);

/// While it lives, the calling thread's default generator gives zeros for real random numbers, and
/// is afterwards as it was: for a model whose first numbers will be replaced by those of a file.
class NoDraws {
 public:
  NoDraws() : before_(default_generator()) { default_generator().draws_ = false; }
  ~NoDraws() { default_generator() = before_; }
  NoDraws(const NoDraws&) = delete;
  NoDraws& operator=(const NoDraws&) = delete;

 private:
  Generator before_;
};

}  // namespace heed
