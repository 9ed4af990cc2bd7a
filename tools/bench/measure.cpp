#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>

#include "heed/core/error.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"
#include "heed/models/show/text.h"

namespace heed::bench {
namespace {

constexpr size_t most_steps = 20'000, least_steps = 3;
constexpr double mb = 1 << 20;
constexpr int warm_up_steps = 3;

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

/// The most memory that the process has held, in MB. (What getrusage says begins with the memory
/// of the process that started this one.)
double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

double step_ms(const Run& run) {
  const double start = now_ms();
  run.step();
  return now_ms() - start;
}

}  // namespace

double now_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

double process_began_ms() { return now_ms() - 1e3 * double(std::clock()) / CLOCKS_PER_SEC; }

Json measured(const Workload& workload, const Run& run, double seconds, double began_ms) {
  const double first = step_ms(run);
  const double start_up = now_ms() - began_ms;
  const double warm_until = now_ms() + 1e3 * seconds;
  for (int i = 0; i < warm_up_steps && now_ms() < warm_until; ++i) run.step();

  const int64_t before = memory_statistics().allocations;
  std::vector<double> times;
  times.reserve(most_steps);
  for (double sum = 0;
       times.size() < most_steps && (sum < 1e3 * seconds || times.size() < least_steps);
       sum += times.back())
    times.push_back(step_ms(run));
  const auto steps = int64_t(times.size());
  const MemoryStatistics memory = memory_statistics();
  const double peak = peak_memory_mb();
  const double graph = run.graph_bytes ? double(run.graph_bytes()) : 0;
  std::ranges::sort(times);
  const double median = times[times.size() / 2];
  return Json::object()
      .set("workload", workload.id)
      .set("threads", num_threads())
      .set("isa", simd::isa_name())
      .set("median_ms", rounded(median))
      .set("min_ms", rounded(times[0]))
      .set("steps", steps)
      .set("first_ms", rounded(first))
      .set("start_ms", rounded(start_up))
      .set("tensors_per_step", (memory.allocations - before) / steps)
      .set("rss_mb", rounded(peak))
      .set("kept_mb", rounded(double(memory.live_bytes) / mb))
      .set("graph_mb", rounded(graph / mb))
      .set("parameters", run.parameters)
      .set("items", run.items)
      .set("gflops", rounded(run.flops / median / 1e6))
      .set("best_gflops", rounded(run.flops / times[0] / 1e6));
}

std::string in_words(const Json& measured) {
  const auto number = [&](const char* name, int digits) {
    return show::fixed(measured.find(name)->as_double(), digits);
  };
  const std::string& id = measured.find("workload")->as_string();
  const double items = measured.find("items")->as_double();
  const double rate = 1e3 * items / measured.find("median_ms")->as_double();
  return id + ", " + number("threads", 0) + " threads, " + measured.find("isa")->as_string() +
         "\n  median " + number("median_ms", 3) + " ms, least " + number("min_ms", 3) + ", of " +
         number("steps", 0) + " steps; " + show::fixed(rate, 0) + " items a second, " +
         number("gflops", 1) + " GFLOP/s\n  first step " + number("first_ms", 1) + " ms, " +
         number("start_ms", 1) + " ms after the process began\n  " + number("parameters", 0) +
         " parameters, " + number("tensors_per_step", 0) + " tensors a step, " +
         number("rss_mb", 1) + " MB at most, " + number("kept_mb", 1) + " between steps, " +
         number("graph_mb", 1) + " recorded for the gradients\n";
}

}  // namespace heed::bench
