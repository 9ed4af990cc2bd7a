// The only file that knows about threads. HEED_STD_THREADS (a build option for the thread
// sanitizer, which cannot follow oneTBB) runs the same pieces on plain std::thread.
#include "heed/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "heed/core/error.h"

#ifdef HEED_STD_THREADS
#include <exception>
#include <vector>
#else
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/version.h>
#endif

namespace heed {
namespace {

int default_threads() {
  if (const char* wanted = std::getenv("HEED_THREADS"); wanted && *wanted) {
    int threads = 0;
    const char* end = wanted + std::string_view(wanted).size();
    const auto [rest, error] = std::from_chars(wanted, end, threads);
    require(error == std::errc() && rest == end && threads >= 1,
            "HEED_THREADS: expected a number of threads, got \"", wanted, "\"");
    return threads;
  }
  return std::max(1, int(std::thread::hardware_concurrency()));
}

#ifdef HEED_STD_THREADS
struct Workers {
  explicit Workers(int) {}
  static void run(int64_t chunks, const auto& chunk, int threads) {
    thread_local bool inside = false;
    if (inside) {
      for (int64_t i = 0; i < chunks; ++i) chunk(i);
      return;
    }
    std::atomic<int64_t> next{0};
    std::exception_ptr error;
    std::mutex error_mutex;
    auto work = [&] {
      inside = true;
      try {
        for (int64_t i; (i = next++) < chunks;) chunk(i);
      } catch (...) {
        std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
      }
      inside = false;
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) others.emplace_back(work);
    work();
    for (auto& other : others) other.join();
    if (error) std::rethrow_exception(error);
  }
};
#else
struct Workers {
  explicit Workers(int threads)
      : limit(tbb::global_control::max_allowed_parallelism, size_t(threads)), arena(threads) {}
  void run(int64_t chunks, const auto& chunk, int) {
    arena.execute([&] {
      tbb::parallel_for(
          int64_t(0), chunks, [&](int64_t i) { chunk(i); }, tbb::simple_partitioner());
    });
  }
  tbb::global_control limit;
  tbb::task_arena arena;
};
#endif

struct Pool {
  int threads = default_threads();
  std::unique_ptr<Workers> workers = std::make_unique<Workers>(threads);
};

Pool& pool() {
  static Pool* const instance = new Pool;  // never destroyed: no order of exit to get wrong
  return *instance;
}

}  // namespace

void set_num_threads(int threads) {
  require(threads >= 0, "set_num_threads: expected a number of threads or 0, got ", threads);
  Pool& p = pool();
  p.threads = threads == 0 ? default_threads() : threads;
  p.workers.reset();  // one global_control at a time
  p.workers = std::make_unique<Workers>(p.threads);
}

int num_threads() { return pool().threads; }

std::string thread_library() {
#ifdef HEED_STD_THREADS
  return "std::thread";
#else
  return std::string("oneTBB ") + TBB_runtime_version();
#endif
}

void detail::run_chunks(int64_t begin, int64_t end, int64_t grain, RangeFunction fn) {
  const int64_t chunks = (end - begin + grain - 1) / grain;
  auto chunk = [&](int64_t i) { fn(begin + i * grain, std::min(end, begin + (i + 1) * grain)); };
  Pool& p = pool();
  if (p.threads == 1) {
    for (int64_t i = 0; i < chunks; ++i) chunk(i);
    return;
  }
  p.workers->run(chunks, chunk, p.threads);
}

}  // namespace heed
