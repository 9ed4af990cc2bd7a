// One training step of a vision transformer on images of Fashion-MNIST's size: 128 of 28 x 28, in
// patches of 4 x 4, 6 layers, 4 heads, width 128; forward, loss, backward, clip, AdamW. Prints a
// line of JSON. bench_vit [THREADS [SECONDS]]; tools/bench/torch_vit.py is PyTorch's side.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "heed/core/generator.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "heed/core/simd.h"
#include "heed/models/vit.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"

using namespace heed;
using Clock = std::chrono::steady_clock;

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  set_num_threads(threads);
  manual_seed(1);
  models::Vit model({.dropout = 0});
  optim::AdamW adam(model.named_parameters());
  const Tensor images = rand({128, 1, 28, 28}), labels = randint(0, 10, {128});
  const auto step = [&] {
    const Variable loss = nn::cross_entropy(model.forward(images), labels);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1.0);
    adam.step();
  };
  const auto timed = [&] {
    const auto start = Clock::now();
    step();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  const double first = timed();
  for (int i = 0; i < 3; ++i) step();
  const int64_t before = memory_statistics().allocations;
  std::vector<double> times;
  for (double sum = 0; sum < seconds * 1e3 || times.size() < 5; sum += times.back())
    times.push_back(timed());
  std::ranges::sort(times);
  int64_t parameters = 0;
  for (const Variable& p : model.parameters()) parameters += p.numel();
  std::printf(
      "{\"workload\": \"vit\", \"threads\": %d, \"isa\": \"%s\", \"median_ms\": %.3f, "
      "\"min_ms\": %.3f, \"steps\": %zu, \"first_ms\": %.1f, \"parameters\": %lld, "
      "\"tensors_per_step\": %lld, \"peak_tensor_mb\": %.1f}\n",
      threads, simd::isa_name(), times[times.size() / 2], times[0], times.size(), first,
      (long long)parameters,
      (long long)((memory_statistics().allocations - before) / int64_t(times.size())),
      double(memory_statistics().peak_bytes) / 1e6);
}
