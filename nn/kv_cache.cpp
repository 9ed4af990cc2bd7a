#include "heed/nn/kv_cache.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/error.h"
#include "heed/core/index.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"

namespace heed::nn {

struct KvCache::Rows {
  Tensor keys, values;  // (B, heads, room, D)
  // Rows in use by this cache or one that came from it. Whoever moves it from its own length on may
  // write the rows between; threads that have the same cache ask at the same time.
  std::atomic<int64_t> written = 0;
};

namespace {

void check(const Tensor& keys, const Tensor& values) {
  require(keys.dim() == 4 && values.dim() == 4 && keys.dtype() == values.dtype(),
          "KvCache: expected keys and values (B, heads, N, D) of one dtype, got ", keys.shape(),
          " of ", keys.dtype(), " and ", values.shape(), " of ", values.dtype());
  for (const int dim : {0, 1, 2})
    require(keys.size(dim) == values.size(dim),
            "KvCache: keys and values must agree in (B, heads, N), got ", keys.shape(), " and ",
            values.shape());
}

/// Room for rows like those of x: (B, heads, room, D), the first `length` taken from `before`.
Tensor block_like(const Tensor& x, int64_t room, const Tensor& before, int64_t length) {
  const Tensor block = empty({x.size(0), x.size(1), room, x.size(3)}, {.dtype = x.dtype()});
  if (length > 0) narrow(block, 2, 0, length).copy_(narrow(before, 2, 0, length));
  return block;
}

/// Is it 0, 1, ... size - 1?
bool is_range(const Tensor& index, int64_t size) {
  const int64_t* places = index.data<int64_t>();
  int64_t i = 0;
  while (i < index.numel() && places[i] == i) ++i;
  return i == index.numel() && i == size;
}

/// The first `length` rows of the sequences at `index` of a block, with room for more.
Tensor gathered(const Tensor& block, const Tensor& index, int64_t length, int64_t room) {
  const int64_t heads = block.size(1), width = block.size(3);
  const Tensor out = empty({index.numel(), heads, room, width}, {.dtype = block.dtype()});
  const int64_t row = width * size_of(block.dtype()), before = block.size(2) * row;
  const auto* from = static_cast<const std::byte*>(block.raw_data());
  auto* to = static_cast<std::byte*>(out.raw_mutable_data());
  const int64_t* places = index.data<int64_t>();
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, length * row));
  parallel_for(0, index.numel() * heads, grain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::memcpy(to + i * room * row, from + (places[i / heads] * heads + i % heads) * before,
                  size_t(length * row));
  });
  return out;
}

}  // namespace

KvCache KvCache::append(const Variable& new_keys, const Variable& new_values) const {
  require(!recording() || !(new_keys.requires_grad() || new_values.requires_grad()),
          "KvCache: a cache keeps no gradient; use NoGrad, or leave the cache out");
  const Tensor &keys = new_keys.value(), &values = new_values.value();
  check(keys, values);
  const int64_t total = length_ + keys.size(2);
  KvCache next = *this;
  next.length_ = total;
  if (rows_) {
    const auto fits = [](const Tensor& x, const Tensor& block) {
      return x.dtype() == block.dtype() && x.size(0) == block.size(0) &&
             x.size(1) == block.size(1) && x.size(3) == block.size(3);
    };
    require(fits(keys, rows_->keys) && fits(values, rows_->values),
            "KvCache: expected keys and values like those before, ", this->keys().shape(), " and ",
            this->values().shape(), " of ", rows_->keys.dtype(), ", got ", keys.shape(), " and ",
            values.shape(), " of ", keys.dtype());
  }
  int64_t free = length_;
  const bool mine =
      rows_ && total <= rows_->keys.size(2) && rows_->written.compare_exchange_strong(free, total);
  if (!mine) {
    // Twice the room each time: N appended tokens are moved about N times in all.
    const int64_t room = std::max({total, capacity_, rows_ ? 2 * length_ : 0});
    next.rows_ = std::make_shared<Rows>();
    next.rows_->keys = block_like(keys, room, rows_ ? rows_->keys : Tensor(), length_);
    next.rows_->values = block_like(values, room, rows_ ? rows_->values : Tensor(), length_);
    next.rows_->written = total;
  }
  narrow(next.rows_->keys, 2, length_, keys.size(2)).copy_(keys);
  narrow(next.rows_->values, 2, length_, keys.size(2)).copy_(values);
  return next;
}

Tensor KvCache::keys() const {
  require(rows_ != nullptr, "KvCache: nothing has been read yet");
  return narrow(rows_->keys, 2, 0, length_);
}

Tensor KvCache::values() const {
  require(rows_ != nullptr, "KvCache: nothing has been read yet");
  return narrow(rows_->values, 2, 0, length_);
}

KvCache KvCache::reorder(const Tensor& index) const {
  if (!rows_) return *this;
  const int64_t batch = rows_->keys.size(0);
  require(index.dim() == 1, "KvCache: reorder: expected an index (N,), got ", index.shape());
  detail::check_indices(index, batch, "KvCache: reorder");
  const Tensor rows = contiguous(index);
  if (is_range(rows, batch)) return *this;
  // The next appended token moves nothing. Equal blocks are the pool's, without page faults.
  const int64_t before = rows_->keys.size(2);
  const int64_t room = before > length_ ? before : std::max(capacity_, 2 * length_);
  KvCache next = *this;
  next.rows_ = std::make_shared<Rows>();
  next.rows_->keys = gathered(rows_->keys, rows, length_, room);
  next.rows_->values = gathered(rows_->values, rows, length_, room);
  next.rows_->written = length_;
  return next;
}

}  // namespace heed::nn
