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

BucketOrder::BucketOrder(std::vector<PairLengths> lengths, int64_t batch_size, uint64_t seed)
    : lengths_(std::move(lengths)), batch_size_(batch_size), seed_(seed) {
  require(batch_size >= 1, "BucketOrder: batch_size must be at least 1, got ", batch_size);
  require(!lengths_.empty(), "BucketOrder: expected at least one example, got none");
  batch_size_ = std::min(batch_size, int64_t(lengths_.size()));  // 50 of them cannot overflow
  order_epoch();
}

void BucketOrder::order_epoch() {
  constexpr int64_t batches_in_pool = 50;
  auto generator = stream(seed_, Stream::order, uint64_t(state_.epoch));
  std::vector<int64_t> order(lengths_.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle(std::span(order), generator);
  const int64_t total = int64_t(order.size()), pool = batch_size_ * batches_in_pool;
  for (int64_t begin = 0; begin < total; begin += pool) {
    const auto end = order.begin() + std::min(begin + pool, total);
    std::stable_sort(order.begin() + begin, end,
                     [&](int64_t a, int64_t b) { return lengths_[a] < lengths_[b]; });
  }
  batches_.clear();
  for (int64_t begin = 0; begin < total; begin += batch_size_) {
    const int64_t end = std::min(begin + batch_size_, total);
    batches_.emplace_back(order.begin() + begin, order.begin() + end);
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
  require(state.position >= 0 && state.position <= batches(),
          "BucketOrder: position must be in [0, ", batches(), "], got ", state.position);
  state_ = state;
  order_epoch();
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
