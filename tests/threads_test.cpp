// Graphs belong to their threads; the leaves that they share may be read by all.
#include <thread>
#include <vector>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "tests/catch.h"

using namespace heed;

TEST_CASE("threads with graphs of their own may share a leaf", "[threads]") {
  const Variable weight = Variable(full({64}, 2.0)).requires_grad_();
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        Variable y = weight * (t + 1);
        for (int k = 0; k < 5; ++k) y = y + weight;
        const auto found = grad(sum(y), {weight});
        wrong[size_t(t)] += found[0].value().at({7}) != t + 6;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
}
