// One causal attention layer, d 256, 4 heads, f32, forward and backward, at lengths T from 512 to
// 8192: scaled_dot_product_attention alone, and the layer with its projections. Prints a line of
// JSON for each length: milliseconds, and the most memory that tensors held until then, which grows
// linearly with T because the T x T weights are never stored.
// bench_attention [THREADS [SECONDS]]; tools/bench/torch_attention.py is PyTorch's side.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "heed/autograd/scaled_dot_product_attention.h"
#include "heed/core/creation.h"
#include "heed/core/generator.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "heed/core/simd.h"
#include "heed/nn/multihead_attention.h"

using namespace heed;
using Clock = std::chrono::steady_clock;

namespace {

/// The median of runs of at least `seconds` together, after two that are not counted.
template <class F>
double median_ms(double seconds, const F& run) {
  for (int i = 0; i < 2; ++i) run();
  std::vector<double> times;
  for (double sum = 0; sum < seconds * 1e3 || times.size() < 3; sum += times.back()) {
    const auto start = Clock::now();
    run();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  constexpr int64_t width = 256, heads = 4;
  set_num_threads(threads);
  manual_seed(1);
  nn::MultiheadAttention layer({.embed_dim = width, .num_heads = heads});
  for (int64_t steps = 512; steps <= 8192; steps *= 2) {
    const auto leaf = [&] { return Variable(randn({1, steps, width})).requires_grad_(); };
    const Variable x = leaf(), q = leaf(), k = leaf(), v = leaf();
    const Tensor ones_like_y = ones({1, steps, width});
    const double attention = median_ms(seconds, [&] {
      const auto split = [](const Variable& x) { return nn::split_heads(x, heads); };
      for (const Variable& leaf : {q, k, v}) leaf.zero_grad();
      nn::join_heads(
          scaled_dot_product_attention(split(q), split(k), split(v), {.is_causal = true}))
          .backward(ones_like_y);
    });
    const double whole = median_ms(seconds, [&] {
      for (const Variable& p : layer.parameters()) p.zero_grad();
      x.zero_grad();
      layer(x, x, x, {.need_weights = false, .is_causal = true}).output.backward(ones_like_y);
    });
    std::printf(
        "{\"workload\": \"attention\", \"steps\": %lld, \"threads\": %d, \"isa\": \"%s\", "
        "\"attention_ms\": %.3f, \"layer_ms\": %.3f, \"peak_tensor_mb\": %.1f}\n",
        (long long)steps, threads, simd::isa_name(), attention, whole,
        double(memory_statistics().peak_bytes) / 1e6);
    std::fflush(stdout);
  }
}
