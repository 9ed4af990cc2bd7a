#pragma once

#include <vector>

#include "heed/core/tensor.h"
#include "heed/models/data/token_source.h"

namespace heed::data {

/// Windows of a text: what a language model reads, and the token after each.
struct Windows {
  Tensor in, out;  // (B, T) i64
};

/// The windows of `length` tokens that begin at these places.
Windows windows_at(const TokenSource& text, std::span<const int64_t> begins, int64_t length);

/// Batches of windows that begin anywhere, each place as likely as any other. Batch number k
/// depends on the size of the text, rows, length, the seed and k alone, so the number of batches
/// taken is all the state.
class RandomWindows {
 public:
  /// Error when the text has no length + 1 tokens, or rows or length is below 1.
  RandomWindows(const TokenSource& text, int64_t rows, int64_t length, uint64_t seed);
  Windows next();
  int64_t state() const { return taken_; }
  /// Error for a state below 0.
  void set_state(int64_t taken);

 private:
  const TokenSource& text_;
  int64_t rows_, length_;
  uint64_t seed_;
  int64_t taken_ = 0;
};

}  // namespace heed::data
