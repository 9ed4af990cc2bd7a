#pragma once
// internal

#include <cstddef>
#include <cstdint>

namespace heed::detail {

/// A 64-byte aligned block of at least `bytes` bytes. Freed blocks are kept by size class and given
/// out again: fresh memory costs page faults, which are dearer than most ops. At most twice as many
/// bytes are kept as were ever in use at once, or 128 MiB where that is more, until pool_release().
/// Throws MemoryError when the system has no more.
void* pool_allocate(size_t bytes);

/// Takes back a block of pool_allocate; `bytes` as it was asked for.
void pool_free(void* block, size_t bytes) noexcept;

/// Gives every block that is kept for later back to the system.
void pool_release() noexcept;

/// A block of the pool for the length of a scope: room for `count` elements, not initialised.
template <class T>
class Scratch {
 public:
  explicit Scratch(int64_t count)
      : bytes_(size_t(count) * sizeof(T)),
        data_(bytes_ ? static_cast<T*>(pool_allocate(bytes_)) : nullptr) {}
  ~Scratch() {
    if (data_) pool_free(data_, bytes_);
  }
  Scratch(const Scratch&) = delete;
  T* data() const { return data_; }

 private:
  size_t bytes_;
  T* data_;
};

}  // namespace heed::detail
