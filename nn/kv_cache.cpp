#include "heed/nn/kv_cache.h"

#include <algorithm>

#include "heed/core/creation.h"
#include "heed/core/error.h"
#include "heed/core/index.h"
#include "heed/core/shape.h"

namespace heed::nn {

struct KvCache::Rows {
  Tensor keys, values;  // (B, heads, room, D)
  int64_t written = 0;  // rows in use by this cache or one that came from it
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

}  // namespace

KvCache KvCache::append(const Tensor& keys, const Tensor& values) const {
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
            this->values().shape(), ", got ", keys.shape(), " and ", values.shape());
  }
  if (!rows_ || rows_->written != length_ || total > rows_->keys.size(2)) {
    // Twice the room each time: N appended tokens are moved about N times in all.
    const int64_t room = std::max({total, capacity_, rows_ ? 2 * length_ : 0});
    next.rows_ = std::make_shared<Rows>();
    next.rows_->keys = block_like(keys, room, rows_ ? rows_->keys : Tensor(), length_);
    next.rows_->values = block_like(values, room, rows_ ? rows_->values : Tensor(), length_);
  }
  narrow(next.rows_->keys, 2, length_, keys.size(2)).copy_(keys);
  narrow(next.rows_->values, 2, length_, keys.size(2)).copy_(values);
  next.rows_->written = total;
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
  KvCache next(capacity_);
  return next.append(index_select(keys(), 0, index), index_select(values(), 0, index));
}

}  // namespace heed::nn
