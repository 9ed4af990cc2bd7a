#include "heed/models/data/buckets.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "heed/core/error.h"
#include "heed/models/data/shuffle.h"

namespace heed::data {

std::vector<PairLengths> lengths(std::span<const EncodedPair> pairs) {
  std::vector<PairLengths> lengths;
  lengths.reserve(pairs.size());
  for (const auto& [source, target] : pairs) {
    lengths.push_back({.source = int64_t(source.size()), .target = int64_t(target.size())});
  }
  return lengths;
}

BucketOrder::BucketOrder(std::vector<PairLengths> lengths, BatchLimits limits, uint64_t seed)
    : lengths_(std::move(lengths)), limits_(limits), seed_(seed) {
  constexpr int64_t batches_in_pool = 50;
  require(limits.examples >= 1, "BucketOrder: batch_size must be at least 1, got ",
          limits.examples);
  require(limits.tokens >= 0, "BucketOrder: the limit of tokens must be at least 0, got ",
          limits.tokens);
  require(!lengths_.empty(), "BucketOrder: expected at least one example, got none");
  const auto count = int64_t(lengths_.size());
  limits_.examples = std::min(limits.examples, count);  // 50 of them cannot overflow
  int64_t batch = limits_.examples;
  if (limits.tokens > 0) {
    const int64_t total = std::accumulate(
        lengths_.begin(), lengths_.end(), int64_t{0},
        [](int64_t sum, const PairLengths& pair) { return sum + pair.source + pair.target; });
    const int64_t mean = std::max<int64_t>(1, total / count);
    batch = std::clamp<int64_t>(limits.tokens / mean, 1, batch);
  }
  pool_ = batch * batches_in_pool;
  order_epoch();
}

/// Cuts examples of similar lengths into batches within the limits.
void BucketOrder::cut(std::span<const int64_t> pool) {
  std::vector<int64_t> batch;
  PairLengths longest;
  for (const int64_t index : pool) {
    const PairLengths with{.source = std::max(longest.source, lengths_[index].source),
                           .target = std::max(longest.target, lengths_[index].target)};
    const int64_t examples = int64_t(batch.size()) + 1;
    const bool full =
        examples > limits_.examples ||
        (limits_.tokens > 0 && examples * (with.source + with.target) > limits_.tokens);
    if (full && !batch.empty()) batches_.push_back(std::exchange(batch, {}));
    longest = batch.empty() ? lengths_[index] : with;
    batch.push_back(index);
  }
  if (!batch.empty()) batches_.push_back(std::move(batch));
}

void BucketOrder::order_epoch() {
  auto generator = stream(seed_, Stream::order, uint64_t(state_.epoch));
  std::vector<int64_t> order(lengths_.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle(std::span(order), generator);
  batches_.clear();
  const int64_t total = int64_t(order.size());
  for (int64_t begin = 0; begin < total; begin += pool_) {
    const int64_t end = std::min(begin + pool_, total);
    std::stable_sort(order.begin() + begin, order.begin() + end,
                     [&](int64_t a, int64_t b) { return lengths_[a] < lengths_[b]; });
    cut(std::span(order).subspan(size_t(begin), size_t(end - begin)));
  }
  shuffle(std::span(batches_), generator);
}

std::vector<int64_t> BucketOrder::next() {
  if (state_.position == batches()) {
    state_ = {.epoch = state_.epoch + 1, .position = 0};
    order_epoch();
  }
  return batches_[state_.position++];
}

void BucketOrder::set_state(BucketState state) {
  require(state.epoch >= 0, "BucketOrder: epoch must be at least 0, got ", state.epoch);
  const BucketState before = std::exchange(state_, state);
  order_epoch();
  if (state.position >= 0 && state.position <= batches()) return;
  const int64_t most = batches();
  state_ = before;
  order_epoch();
  fail("BucketOrder: position must be in [0, ", most, "], got ", state.position);
}

PaddedIds pad(std::span<const std::vector<int64_t>> sequences, int64_t fill) {
  PaddedIds padded{.rows = int64_t(sequences.size())};
  for (const auto& sequence : sequences) {
    padded.lengths.push_back(int64_t(sequence.size()));
    padded.columns = std::max(padded.columns, padded.lengths.back());
  }
  padded.ids.assign(size_t(padded.rows * padded.columns), fill);
  for (int64_t row = 0; row < padded.rows; ++row) {
    std::copy(sequences[row].begin(), sequences[row].end(),
              padded.ids.begin() + row * padded.columns);
  }
  return padded;
}

}  // namespace heed::data
