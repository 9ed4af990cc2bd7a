#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "heed/core/generator.h"

namespace heed::data {

/// What a random stream of the data side is for; each purpose has its own numbers.
enum class Stream : uint64_t {
  split = 1,
  order = 2,
  dates = 3,
  date_part = 4,
  grammar = 5,
  grammar_part = 6,
  series = 7,
  windows = 8
};

/// The stream number `index` of a purpose: its numbers depend on (seed, purpose, index) alone, so
/// it can be started anew at any time, and no two streams share numbers.
inline Generator stream(uint64_t seed, Stream purpose, uint64_t index = 0) {
  const auto words = philox(seed, uint64_t(purpose), index);
  return Generator(uint64_t(words[1]) << 32 | words[0]);
}

/// Moves a random sample of `count` items to the front, in random order; all of them: a shuffle.
/// Fisher and Yates' method (Knuth, The Art of Computer Programming, 3.4.2, algorithm P).
template <class T>
void shuffle(std::span<T> items, Generator& generator, int64_t count) {
  const int64_t size = int64_t(items.size());
  for (int64_t i = 0; i < count && i + 1 < size; ++i) {
    std::swap(items[i], items[i + generator.integer(size - i)]);
  }
}

template <class T>
void shuffle(std::span<T> items, Generator& generator) {
  shuffle(items, generator, int64_t(items.size()));
}

}  // namespace heed::data
