#pragma once
// internal

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heed/core/dims.h"
#include "heed/core/dtype.h"
#include "heed/core/refcount.h"

namespace heed::detail {

/// The numbers of a tensor and of all its views: one 64-byte aligned block, with this header in
/// front of it. The version counts writes, so that autograd notices a changed saved value.
struct Storage {
  std::atomic<uint32_t> references{0};
  std::atomic<uint32_t> version{0};
  size_t bytes;

  /// Writes to one tensor at a time: no locked instruction. Others may read the version meanwhile.
  void count_write() {
    version.store(version.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::byte* data() { return reinterpret_cast<std::byte*>(this) + 64; }

  /// Room for a tensor of that shape, not initialised. Throws MemoryError beyond memory_limit().
  static Ref<Storage> allocate(const Shape& shape, int64_t elements, DType dtype);
  static void destroy(Storage* storage) noexcept;
};
static_assert(sizeof(Storage) <= 64);

}  // namespace heed::detail
