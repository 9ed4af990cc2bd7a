// What autograd costs beside the arithmetic: a chain of ops on tiny tensors, recorded and
// differentiated, minus the very same kernels called on Tensors. Prints nanoseconds per op.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/recording.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"

namespace {

using namespace heed;

constexpr int length = 1000;  // ops in a chain

/// The fastest of many runs, in nanoseconds per op.
template <class F>
double nanoseconds(const F& run) {
  double best = 1e300;
  for (int i = 0; i < 300; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / length);
  }
  return best;
}

struct Cost {
  double kernels, recorded, whole;
  void print(const char* name) const {
    std::printf(
        "%-28s kernels %6.0f   record %6.0f   backward and free %6.0f   bookkeeping %6.0f\n", name,
        kernels, recorded - kernels / 2, whole - recorded - kernels / 2, whole - kernels);
  }
};

/// y = -(-(...x)): one kernel forward, the same one backward.
Cost unary(const Tensor& numbers) {
  const Variable x = Variable(numbers).requires_grad_();
  const auto chain = [](auto y) {
    for (int i = 0; i < length; ++i) y = neg(y);
    return y;
  };
  const Tensor seed = ones_like(numbers);
  const double kernels = nanoseconds([&] { chain(numbers), chain(seed); });
  const double recorded = nanoseconds([&] { chain(x); });
  const double whole = nanoseconds([&] { chain(x).backward(seed), x.zero_grad(); });
  return {kernels, recorded, whole};
}

/// y = y + x: two inputs, nothing computed in backward but the sums at x.
Cost binary(const Tensor& numbers) {
  const Variable x = Variable(numbers).requires_grad_();
  const auto chain = [](const auto& x) {
    auto y = x;
    for (int i = 0; i < length; ++i) y = y + x;
    return y;
  };
  const Tensor seed = ones_like(numbers);
  const double kernels = nanoseconds([&] {
    chain(numbers);
    const Tensor sum = clone(seed);
    for (int i = 0; i < length; ++i) add_(sum, seed);
  });
  const double recorded = nanoseconds([&] { chain(x); });
  const double whole = nanoseconds([&] { chain(x).backward(seed), x.zero_grad(); });
  return {kernels, recorded, whole};
}

}  // namespace

int main() {
  std::printf("nanoseconds per op; record + backward + free - kernels = bookkeeping\n");
  for (const int64_t n : {1, 16}) {
    const std::string size = " of " + std::to_string(n);
    unary(ones({n})).print(("one input," + size).c_str());
    binary(ones({n})).print(("two inputs," + size).c_str());
  }
}
