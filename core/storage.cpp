#include "heed/core/storage.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

#include "heed/core/memory.h"
#include "heed/core/pool.h"

namespace heed {
namespace {

constinit std::atomic<int64_t> live{0}, peak{0}, allocations{0}, limit{0};

/// Counting for all threads takes locked instructions, which would cost a small tensor more than
/// its memory does: a thread tells the others once its own count has moved by so many bytes.
constexpr int64_t most_unreported = 64 * 1024;

/// What this thread did: bytes of tensors that it made less those that it freed.
struct ThreadUse {
  int64_t held = 0, most = std::numeric_limits<int64_t>::max();
  int64_t reported = 0, highest = 0;  // of held: what the others know, and the most since then
  int64_t made = 0;                   // tensors since then
  int64_t slack = 0;                  // most_unreported from the first tensor on; -1 at the end
  bool exceeded = false;

  void report() {
    const int64_t moved = held - reported;
    const int64_t now = live.fetch_add(moved, std::memory_order_relaxed) + moved;
    const int64_t high = now + highest - held;
    int64_t seen = peak.load(std::memory_order_relaxed);
    while (high > seen && !peak.compare_exchange_weak(seen, high, std::memory_order_relaxed)) {
    }
    allocations.fetch_add(made, std::memory_order_relaxed);
    reported = highest = held, made = 0;
  }
  void changed() {
    if (std::abs(held - reported) <= slack) [[likely]]
      return;
    report();
    if (slack == 0) report_at_exit();
  }

 private:
  void report_at_exit();
};
[[gnu::tls_model("initial-exec")]] thread_local constinit ThreadUse use;

void ThreadUse::report_at_exit() {
  struct Closer {
    Closer() { use.slack = most_unreported; }
    ~Closer() {
      use.report();
      use.slack = -1;
    }
  };
  thread_local Closer closer;
}

void count(const Shape& shape, int64_t bytes, DType dtype) {
  if (use.held > use.most - bytes) [[unlikely]] {
    use.exceeded = true;
    fail<MemoryError>("memory: a tensor of shape ", shape, " and dtype ", dtype, " needs ", bytes,
                      " bytes; ", std::max<int64_t>(0, use.most - use.held), " are allowed here");
  }
  const int64_t most = limit.load(std::memory_order_relaxed);
  if (most > 0) [[unlikely]] {
    use.report();
    const int64_t now = live.load(std::memory_order_relaxed);
    if (now > most - bytes)
      fail<MemoryError>("memory: a tensor of shape ", shape, " and dtype ", dtype, " needs ", bytes,
                        " bytes; ", now, " are in use and the limit is ", most);
  }
  use.held += bytes;
  use.highest = std::max(use.highest, use.held);
  ++use.made;
  use.changed();
}

void uncount(int64_t bytes) {
  use.held -= bytes;
  use.changed();
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

MemoryStatistics memory_statistics() {
  use.report();
  return {live.load(), peak.load(), allocations.load()};
}
void reset_peak_memory() {
  use.report();
  peak.store(live.load());
}
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
