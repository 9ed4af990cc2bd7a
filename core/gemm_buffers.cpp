#include "heed/core/gemm_buffers.h"

#include <sys/resource.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "heed/core/error.h"
#include "heed/core/parallel.h"

extern "C" {  // of OpenBLAS; not in its headers
[[gnu::weak]] void* blas_memory_alloc(int);
[[gnu::weak]] void blas_memory_free(void*);
}

namespace heed {
namespace {

constexpr size_t buffer_bytes = size_t(128) << 20;  // on x86-64, a page aside; elsewhere less

bool limited(int resource) {
  rlimit found{};
  return getrlimit(resource, &found) == 0 && found.rlim_cur != RLIM_INFINITY;
}

/// Is there room for so many buffers?
bool room_for(int count) {
  struct Free {
    void operator()(void* block) const { std::free(block); }
  };
  std::vector<std::unique_ptr<void, Free>> blocks;
  for (int i = 0; i < count; ++i) {
    blocks.emplace_back(std::malloc(buffer_bytes + (size_t(1) << 20)));
    if (!blocks.back()) return false;
  }
  return true;
}

}  // namespace

void detail::take_gemm_buffers() {
  static const bool needed =
      blas_memory_alloc && blas_memory_free && (limited(RLIMIT_AS) || limited(RLIMIT_DATA));
  if (!needed) return;
  static std::mutex mutex;
  static int taken = 0;
  const std::lock_guard lock(mutex);
  const int wanted = num_threads();
  if (taken >= wanted) return;
  if (!room_for(wanted - taken)) {
    fail<MemoryError>("memory: OpenBLAS needs ", buffer_bytes, " bytes for each of ", wanted,
                      " threads, and the limit of this process (ulimit -v or -d) leaves less");
  }
  std::vector<void*> buffers;
  for (int i = 0; i < wanted; ++i) buffers.push_back(blas_memory_alloc(0));
  for (void* buffer : buffers) blas_memory_free(buffer);  // for OpenBLAS, which keeps them
  taken = wanted;
}

}  // namespace heed
