#pragma once
// internal

#include <atomic>
#include <cstdint>
#include <utility>

namespace heed::detail {

/// A shared handle to a T that counts its own handles: T has `std::atomic<uint32_t> references`
/// and a static `destroy(T*)`. One pointer wide, and needs no second allocation.
template <class T>
class Ref {
 public:
  Ref() = default;
  /// Takes a share of an object.
  explicit Ref(T* object) : object_(object) {
    // Nobody else knows a new object: its first handle needs no locked instruction, nor the last.
    if (object && object->references.load(std::memory_order_relaxed) == 0)
      object->references.store(1, std::memory_order_relaxed);
    else
      acquire();
  }
  Ref(const Ref& other) : object_(other.object_) { acquire(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { release(); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }
  /// Is this the only handle?
  bool unique() const { return object_->references.load(std::memory_order_acquire) == 1; }

 private:
  void acquire() {
    if (object_) object_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() {
    if (!object_) return;
    // Nobody else can take a share when this is the last handle.
    if (object_->references.load(std::memory_order_acquire) == 1 ||
        object_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      T::destroy(object_);
  }

  T* object_ = nullptr;
};

}  // namespace heed::detail
