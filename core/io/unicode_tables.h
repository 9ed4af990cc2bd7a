#pragma once
// internal

#include <cstdint>
#include <span>

namespace heed::detail {

/// Code points first, first + step, ... last become lower case by adding `difference`.
struct LowerRun {
  char32_t first, last, step;
  int32_t difference;
};

/// What is left of a code point when it is decomposed and its marks are removed; zeros fill up.
struct Decomposition {
  char32_t from, to[3];
};

/// Sorted: code point * 8 + class, where a class begins that lasts until the next entry.
std::span<const uint32_t> unicode_class_starts();
std::span<const LowerRun> unicode_lower_runs();
std::span<const Decomposition> unicode_decompositions();

}  // namespace heed::detail
