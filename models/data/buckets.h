#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "heed/models/data/pairs.h"

namespace heed::data {

/// The lengths of one pair's source and target, in tokens.
struct PairLengths {
  int64_t source = 0;
  int64_t target = 0;
  auto operator<=>(const PairLengths&) const = default;
};

std::vector<PairLengths> lengths(std::span<const EncodedPair> pairs);

/// Where a BucketOrder is: `position` batches of epoch number `epoch` have been taken.
struct BucketState {
  int64_t epoch = 0;
  int64_t position = 0;
  bool operator==(const BucketState&) const = default;
};

/// How large a batch is.
struct BatchLimits {
  int64_t examples = 0;  ///< at most; at least 1
  /// At most so many tokens, padding included: examples x (longest source + longest target); an
  /// example that is longer stands alone. 0: any number.
  int64_t tokens = 0;
};

/// An endless walk over the examples in batches of similar lengths. In each epoch, the examples are
/// shuffled, cut into pools of about 50 batches, each pool is sorted by (source, target) length and
/// cut into batches, and the batches are shuffled: little padding, and other neighbours every
/// epoch. The order depends only on the lengths, the limits, the seed and the epoch.
class BucketOrder {
 public:
  /// Error: no examples, or limits out of their ranges.
  BucketOrder(std::vector<PairLengths> lengths, BatchLimits limits, uint64_t seed);
  BucketOrder(std::vector<PairLengths> lengths, int64_t batch_size, uint64_t seed)
      : BucketOrder(std::move(lengths), BatchLimits{.examples = batch_size}, seed) {}

  /// The number of batches in this epoch (with a limit of tokens it differs from epoch to epoch);
  /// every example is in exactly one of them.
  int64_t batches() const { return int64_t(batches_.size()); }

  /// The indices of the next batch's examples; after an epoch's last batch comes the next epoch.
  std::vector<int64_t> next();

  BucketState state() const { return state_; }
  /// Goes on from a state of an equal order. Error: epoch below 0, position outside
  /// [0, batches()] of that epoch.
  void set_state(BucketState state);

 private:
  void order_epoch();
  void cut(std::span<const int64_t> pool);

  std::vector<PairLengths> lengths_;
  BatchLimits limits_;
  int64_t pool_ = 0;  // examples
  uint64_t seed_;
  BucketState state_;
  std::vector<std::vector<int64_t>> batches_;  // of the state's epoch
};

/// Sequences of ids as the rows of a matrix, row after row, short rows filled up at their end.
struct PaddedIds {
  int64_t rows = 0;
  int64_t columns = 0;                // the longest length
  std::vector<int64_t> ids = {};      // rows * columns
  std::vector<int64_t> lengths = {};  // rows; the true length of each
};

PaddedIds pad(std::span<const std::vector<int64_t>> sequences, int64_t fill = pad_id);

}  // namespace heed::data
