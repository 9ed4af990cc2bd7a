#include "heed/core/pool.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "heed/core/error.h"

namespace heed::detail {
namespace {

constexpr size_t alignment = 64;
constexpr size_t small_limit = 32 * 1024;   // up to here a thread keeps blocks for itself
constexpr size_t thread_budget = 8u << 20;  // bytes that one thread keeps
constexpr size_t least_budget = 64u << 20;  // bytes that the process keeps, or what it used
constexpr size_t largest = size_t(1) << 46;
constexpr uint64_t lately = 4096;  // large blocks: more than most training steps ask for

// Four classes for each doubling, from 64 bytes on: at most a quarter of a block is unused.
constexpr int class_of(size_t bytes) {
  if (bytes <= 256) return int((bytes + 63) / 64);     // 64, 128, 192, 256: classes 1 to 4
  const int log = int(std::bit_width(bytes - 1)) - 1;  // 2^log <= bytes - 1 < 2^(log + 1)
  return (log - 8) * 4 + int((bytes - 1) >> (log - 2) & 3) + 5;
}

size_t class_bytes(int size_class) {
  if (size_class <= 4) return size_t(size_class) * 64;
  const int log = (size_class - 5) / 4 + 8, quarter = (size_class - 5) % 4;
  return (size_t(1) << log) + (size_t(quarter + 1) << (log - 2));
}

struct FreeBlock {
  FreeBlock* next;
};

// Free lists by size class; trivially constructed, so that thread-local access needs no guard.
template <int Classes>
struct Cache {
  std::array<FreeBlock*, Classes> lists;
  size_t bytes;
  bool registered;  // will be emptied when its thread ends
  bool closed;      // its thread is ending: keep nothing more

  void* pop(int size_class) {
    FreeBlock* block = lists[size_t(size_class)];
    if (!block) return nullptr;
    lists[size_t(size_class)] = block->next;
    bytes -= class_bytes(size_class);
    return block;
  }
  void push(void* memory, int size_class) {
    auto* block = static_cast<FreeBlock*>(memory);
    block->next = lists[size_t(size_class)];
    lists[size_t(size_class)] = block;
    bytes += class_bytes(size_class);
  }
  void clear() {
    for (FreeBlock*& list : lists)
      while (list) std::free(std::exchange(list, list->next));
    bytes = 0;
  }
};

// Few lists: a library that is loaded late gets little room for such variables.
using ThreadCache = Cache<class_of(small_limit) + 1>;
[[gnu::tls_model("initial-exec")]] thread_local constinit ThreadCache thread_cache{};

void close_thread_cache_at_exit() {
  struct Closer {
    ~Closer() {
      thread_cache.clear();
      thread_cache.closed = true;
    }
  };
  thread_local Closer closer;
  thread_cache.registered = true;
}

/// The large blocks of the process. What a program asks for again and again is kept, though all of
/// it is never in use at once; a size that it has not asked for lately goes.
struct SharedCache : Cache<class_of(largest) + 1> {
  std::array<uint64_t, class_of(largest) + 1> last_use;  // of each class, counted in calls
  uint64_t calls;
  size_t in_use, most_in_use;  // bytes outside

  void* take(int size_class) {
    last_use[size_t(size_class)] = ++calls;
    return pop(size_class);
  }
  void count(size_t bytes_taken) {
    in_use += bytes_taken;
    most_in_use = std::max(most_in_use, in_use);
  }
  void give(void* block, int size_class) {
    const size_t budget = std::max(least_budget, most_in_use);
    in_use -= class_bytes(size_class);
    push(block, size_class);
    while (bytes > budget && (bytes > 2 * budget || calls - last_use[size_t(oldest())] > lately))
      std::free(pop(oldest()));
  }
  int oldest() const {
    int found = -1;
    for (int i = 0; i < int(lists.size()); ++i)
      if (lists[size_t(i)] && (found < 0 || last_use[size_t(i)] < last_use[size_t(found)]))
        found = i;
    return found;
  }
};
constinit std::mutex shared_mutex;
constinit SharedCache shared_cache{};

void* allocate_from_system(size_t bytes) {
  void* block = std::aligned_alloc(alignment, bytes);
  if (!block) {
    pool_release();
    block = std::aligned_alloc(alignment, bytes);
  }
  if (!block) fail<MemoryError>("memory: the system has no ", bytes, " bytes left");
  return block;
}

}  // namespace

void* pool_allocate(size_t bytes) {
  if (bytes > largest) fail<MemoryError>("memory: ", bytes, " bytes are too many");
  const int size_class = class_of(bytes == 0 ? 1 : bytes);
  if (bytes <= small_limit) {
    void* block = thread_cache.pop(size_class);
    return block ? block : allocate_from_system(class_bytes(size_class));
  }
  std::unique_lock lock(shared_mutex);
  void* block = shared_cache.take(size_class);
  if (!block) {
    lock.unlock();
    block = allocate_from_system(class_bytes(size_class));
    lock.lock();
  }
  shared_cache.count(class_bytes(size_class));
  return block;
}

void pool_free(void* block, size_t bytes) noexcept {
  const int size_class = class_of(bytes == 0 ? 1 : bytes);
  if (bytes <= small_limit) {
    if (!thread_cache.registered) close_thread_cache_at_exit();
    if (thread_cache.closed || thread_cache.bytes > thread_budget) return std::free(block);
    return thread_cache.push(block, size_class);
  }
  std::lock_guard lock(shared_mutex);
  shared_cache.give(block, size_class);
}

void pool_release() noexcept {
  thread_cache.clear();
  std::lock_guard lock(shared_mutex);
  shared_cache.clear();
}

}  // namespace heed::detail
