#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace heed {

/// The number of threads that ops may use. 0 asks for the default: HEED_THREADS or, where that is
/// not set, every core. Results are the same bits for any number.
void set_num_threads(int threads);
int num_threads();
/// What runs them: "oneTBB 2021.8".
std::string thread_library();

namespace detail {

/// A borrowed callable of (begin, end): no allocation, valid only during the call.
class RangeFunction {
 public:
  template <class F>
  RangeFunction(const F& fn)  // NOLINT: implicit
      : object_(&fn), call_([](const void* object, int64_t begin, int64_t end) {
          (*static_cast<const F*>(object))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(object_, begin, end); }

 private:
  const void* object_;
  void (*call_)(const void*, int64_t, int64_t);
};

void run_chunks(int64_t begin, int64_t end, int64_t grain, RangeFunction fn);

}  // namespace detail

/// Calls fn(b, e) for the pieces [begin, begin + grain), [begin + grain, ...) of a range, in any
/// order and on any thread. The pieces depend on the range and the grain alone, never on the number
/// of threads: so sums over a piece are the same bits everywhere. grain >= 1.
template <class F>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const F& fn) {
  if (end - begin <= grain) {
    if (begin < end) fn(begin, end);
    return;
  }
  detail::run_chunks(begin, end, grain, fn);
}

}  // namespace heed
