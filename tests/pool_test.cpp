// Freed blocks are kept for what comes next (core/pool.h).
#include "heed/core/pool.h"

#include <sys/resource.h>

#include <cstring>

#include "catch.h"

namespace heed {
namespace {

/// How many pages the system had to give for a block of that size, all of it written.
long faults_of_block(size_t bytes) {
  const auto faults = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
  };
  const long before = faults();
  void* block = detail::pool_allocate(bytes);
  std::memset(block, 1, bytes);
  const long pages = faults() - before;
  detail::pool_free(block, bytes);
  return pages;
}

}  // namespace

TEST_CASE("pool: a size that is asked for again is kept, one that is not goes") {
  constexpr size_t before = size_t(320) << 20, after = size_t(256) << 20, other = size_t(64) << 10;
  faults_of_block(before);
  CHECK(faults_of_block(before) < 100);
  faults_of_block(after);
  CHECK(faults_of_block(after) < 100);
  for (int i = 0; i < 5000; ++i) faults_of_block(other);  // nobody has asked for `before` lately
  CHECK(faults_of_block(after) < 100);
  CHECK(faults_of_block(before) > 1000);
  detail::pool_release();
  CHECK(faults_of_block(after) > 1000);
}

}  // namespace heed
