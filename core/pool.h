#pragma once
// internal

#include <cstddef>

namespace heed::detail {

/// A 64-byte aligned block of at least `bytes` bytes. Freed blocks are kept by size class and given
/// out again: fresh memory costs page faults, which are dearer than most ops.
/// At most as many bytes are kept as tensors ever held at once. Throws MemoryError when the system
/// has no more.
void* pool_allocate(size_t bytes);

/// Takes back a block of pool_allocate; `bytes` as it was asked for.
void pool_free(void* block, size_t bytes) noexcept;

/// Gives every block that is kept for later back to the system.
void pool_release() noexcept;

}  // namespace heed::detail
