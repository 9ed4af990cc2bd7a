// One training step of the quickstart's model: batch 128, 9 letters, 9 phones, embedding 128,
// hidden 256, LSTM, additive attention; forward, loss, backward, clip, Adam. Prints a line of JSON.
// bench_g2p [THREADS [SECONDS]]; tools/bench/compare.sh runs it beside PyTorch.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "heed/core/creation.h"
#include "heed/core/generator.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "heed/core/simd.h"
#include "heed/models/bahdanau.h"
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
  models::Bahdanau model({.source_tokens = 30, .target_tokens = 44, .dropout = 0});
  optim::Adam adam(model.named_parameters());
  const Tensor source = randint(0, 30, {128, 9}), target = randint(0, 44, {128, 9});
  const Tensor wanted = randint(0, 44, {128, 9}), lengths = full({128}, 9, {.dtype = i64});
  const auto step = [&] {
    const Variable loss = nn::cross_entropy(model.forward(source, lengths, target), wanted);
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
      "{\"workload\": \"g2p\", \"threads\": %d, \"isa\": \"%s\", \"median_ms\": %.3f, "
      "\"min_ms\": %.3f, \"steps\": %zu, \"first_ms\": %.1f, \"parameters\": %lld, "
      "\"tensors_per_step\": %lld, \"peak_tensor_mb\": %.1f}\n",
      threads, simd::isa_name(), times[times.size() / 2], times[0], times.size(), first,
      (long long)parameters,
      (long long)((memory_statistics().allocations - before) / int64_t(times.size())),
      double(memory_statistics().peak_bytes) / 1e6);
}
