#include "memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace {

bool limited(int resource) {
  rlimit found{};
  return getrlimit(resource, &found) == 0 && found.rlim_cur != RLIM_INFINITY;
}

}  // namespace

void* operator new(size_t bytes) {
  if (void* block = std::malloc(bytes > 0 ? bytes : 1)) return block;
  throw OutOfMemory(bytes);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }

void keep_blas_threads_away(char** words) {
  if (!limited(RLIMIT_AS) && !limited(RLIMIT_DATA)) return;
  constexpr const char* name = "OPENBLAS_NUM_THREADS";
  const char* set = std::getenv(name);
  if (set && std::string_view(set) == "1") return;
  if (setenv(name, "1", 1) == 0) execv("/proc/self/exe", words);  // where that fails, go on
}
