#pragma once

#include <memory>

#include "heed/autograd/variable.h"

namespace heed::nn {

/// The keys and values of the tokens that a self-attention has read, kept so that the next token
/// attends to them without computing them again. Rows are allocated ahead and written in place.
///
/// A cache is a value: two that come from the same one may go on differently. The first to append
/// writes into the shared rows, the other copies them before it writes; they may be two threads.
class KvCache {
 public:
  KvCache() = default;
  /// Nothing read yet; room for `capacity` tokens before rows are moved to a larger block.
  explicit KvCache(int64_t capacity) : capacity_(capacity) {}

  /// The number of tokens read, T.
  int64_t length() const { return length_; }

  /// A cache with the keys and values (B, heads, N, D) of N further tokens behind those it has.
  /// Throws Error for shapes or dtypes that differ from those of the tokens before, and while
  /// recording for keys or values that require a gradient: a cache would cut it off.
  KvCache append(const Variable& keys, const Variable& values) const;

  /// (B, heads, T, D), views of the rows that were read.
  Tensor keys() const;
  Tensor values() const;

  /// The sequences at `index` (N,) i64, in that order, with room to append; for beam search.
  KvCache reorder(const Tensor& index) const;

 private:
  struct Rows;  // the block, and how many of its rows have been written by anyone
  std::shared_ptr<Rows> rows_;
  int64_t length_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace heed::nn
