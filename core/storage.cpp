#include "heed/core/storage.h"

#include <algorithm>
#include <limits>
#include <new>

#include "heed/core/memory.h"
#include "heed/core/pool.h"

namespace heed {
namespace {

constinit std::atomic<int64_t> live{0}, peak{0}, allocations{0}, limit{0};

/// Bytes of tensors that this thread made less those that it freed, and the most there may be.
struct ThreadUse {
  int64_t held = 0, most = std::numeric_limits<int64_t>::max();
  bool exceeded = false;
};
[[gnu::tls_model("initial-exec")]] thread_local constinit ThreadUse use;

void count(const Shape& shape, int64_t bytes, DType dtype) {
  if (use.held > use.most - bytes) [[unlikely]] {
    use.exceeded = true;
    fail<MemoryError>("memory: a tensor of shape ", shape, " and dtype ", dtype, " needs ", bytes,
                      " bytes; ", std::max<int64_t>(0, use.most - use.held), " are allowed here");
  }
  const int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  const int64_t most = limit.load(std::memory_order_relaxed);
  if (most > 0 && now > most) [[unlikely]] {
    live.fetch_sub(bytes, std::memory_order_relaxed);
    fail<MemoryError>("memory: a tensor of shape ", shape, " and dtype ", dtype, " needs ", bytes,
                      " bytes; ", now - bytes, " are in use and the limit is ", most);
  }
  int64_t seen = peak.load(std::memory_order_relaxed);
  while (now > seen && !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
  allocations.fetch_add(1, std::memory_order_relaxed);
  use.held += bytes;
}

void uncount(int64_t bytes) {
  live.fetch_sub(bytes, std::memory_order_relaxed);
  use.held -= bytes;
}

}  // namespace

namespace detail {

Ref<Storage> Storage::allocate(const Shape& shape, int64_t elements, DType dtype) {
  const int64_t bytes = checked_multiply(elements, size_of(dtype));
  count(shape, bytes, dtype);
  void* block = nullptr;
  try {
    block = pool_allocate(size_t(bytes) + 64);
  } catch (const MemoryError&) {
    uncount(bytes);
    fail<MemoryError>("memory: no room for a tensor of shape ", shape, " and dtype ", dtype, ": ",
                      bytes, " bytes; tensors hold ", live.load(), " bytes");
  }
  auto* storage = new (block) Storage;
  storage->bytes = size_t(bytes);
  return Ref<Storage>(storage);
}

void Storage::destroy(Storage* storage) noexcept {
  const size_t bytes = storage->bytes;
  uncount(int64_t(bytes));
  storage->~Storage();
  pool_free(storage, bytes + 64);
}

}  // namespace detail

MemoryStatistics memory_statistics() { return {live.load(), peak.load(), allocations.load()}; }
void reset_peak_memory() { peak.store(live.load()); }
void set_memory_limit(int64_t bytes) {
  require(bytes >= 0, "set_memory_limit: expected a number of bytes or 0, got ", bytes);
  limit.store(bytes);
}
int64_t memory_limit() { return limit.load(); }
MemoryAllowance::MemoryAllowance(int64_t bytes) : outer_(use.most), outer_exceeded_(use.exceeded) {
  require(bytes >= 0, "MemoryAllowance: expected a number of bytes, got ", bytes);
  int64_t most = 0;
  if (!__builtin_add_overflow(use.held, bytes, &most)) use.most = std::min(use.most, most);
  use.exceeded = false;
}
MemoryAllowance::~MemoryAllowance() {
  use.most = outer_;
  use.exceeded |= outer_exceeded_;
}
bool MemoryAllowance::exceeded() const { return use.exceeded; }

void release_cached_memory() { detail::pool_release(); }

}  // namespace heed
