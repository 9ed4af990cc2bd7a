#pragma once

#include <cstdint>

namespace heed {

/// Bytes held by tensors: now, and the most at any time since start or reset_peak_memory(). Exact
/// for the calling thread; the last 64 KiB that each other thread made or freed may not count yet.
struct MemoryStatistics {
  int64_t live_bytes = 0;
  int64_t peak_bytes = 0;
  int64_t allocations = 0;  ///< tensors' blocks asked for so far
};
MemoryStatistics memory_statistics();
void reset_peak_memory();

/// The most bytes that tensors may hold together; an op that would need more throws MemoryError and
/// changes nothing. 0 (the default) means no limit.
void set_memory_limit(int64_t bytes);
int64_t memory_limit();

/// While it lives, the tensors that this thread makes may hold that many bytes more than when it
/// began; an op that would need more throws MemoryError. For work whose size somebody else decides.
class MemoryAllowance {
 public:
  /// Within another one the smaller counts. Error for fewer than 0 bytes.
  explicit MemoryAllowance(int64_t bytes);
  ~MemoryAllowance();
  MemoryAllowance(const MemoryAllowance&) = delete;
  MemoryAllowance& operator=(const MemoryAllowance&) = delete;
  /// Has it refused a tensor?
  bool exceeded() const;

 private:
  int64_t outer_;
  bool outer_exceeded_;
};

/// Gives memory that is kept for reuse back to the system.
void release_cached_memory();

}  // namespace heed
