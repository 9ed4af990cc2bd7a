// heed-bench WORKLOAD: times one workload (or a family) and prints what it took. compare.sh runs it
// beside torch_bench.py; docs/performance.md has the results.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench.h"
#include "heed/core/parallel.h"
#include "measure.h"
#include "tools/heed/flags.h"
#include "tools/heed/output.h"
#include "tools/heed/report.h"

using namespace heed;
using bench::Workload;

namespace {

const std::vector<Flag>& flags() {
  static const std::vector<Flag> all = {
      {"threads", "N", "threads to compute with (all cores)"},
      {"seconds", "S", "how long to time steps, at least three (5)"},
      {"json", "", "a line of JSON"},
      {"list", "", "the workloads, without running any"},
      {"losses", "N",
       "print the losses of N steps without dropout, or the result and its gradients"},
      {"export", "FILE", "write the first weights and the batch as safetensors; run nothing"},
      {"weights", "FILE", "start from a file of --export"},
      {"since", "MS", "when the caller began to start this process (CLOCK_MONOTONIC)"},
      {"help", "", "show this help", 'h'}};
  return all;
}

void print_list() {
  for (const Workload& workload : bench::workloads()) {
    std::string id = workload.id;
    id.resize(std::max(id.size(), size_t{14}), ' ');
    print(id + "  " + workload.what + "\n");
  }
}

/// The workload of that name, listed or with its sizes, or the family.
std::vector<Workload> chosen(const Arguments& arguments) {
  const std::string& name = arguments.texts()[0];
  std::vector<Workload> found;
  std::vector<std::string_view> ids;
  for (const Workload& workload : bench::workloads()) {
    ids.push_back(workload.id);
    if (workload.id == name) return {workload};
    const bool sizes = name == "sgemm" || name == "long";
    if (sizes && workload.id.starts_with(name + "-")) found.push_back(workload);
  }
  if (auto sized = bench::sized_workload(name)) found.push_back(*std::move(sized));
  const auto meant = nearest(name, ids);
  if (found.empty())
    arguments.refuse("WORKLOAD: expected one of --list, got \"", name, "\"",
                     meant ? "; did you mean " + *meant + "?" : "");
  return found;
}

void run_workload(const Workload& workload, const Arguments& arguments, double began_ms) {
  const auto losses = arguments.integer("losses", 1);
  const auto file = arguments.text("export");
  bench::Start start(!losses, arguments.text("weights").value_or(""));
  const bench::Run run = workload.make(start);
  if (file) write_safetensors(*file, start.tensors());
  if (losses) print_json(Json::array(run.numbers(*losses)));
  if (file || losses) return;
  const Json json =
      bench::measured(workload, run, arguments.number("seconds").value_or(5), began_ms);
  arguments.has("json") ? print_json(json) : print(bench::in_words(json));
  flush_output();
}

int run(const Arguments& arguments, double began_ms) {
  if (arguments.has("help")) {
    print(
        "usage: heed-bench WORKLOAD [FLAGS]\n\nTimes a workload; sgemm and long are several. "
        "Sizes can be given to some: lstm-T64-B64-W128,\ngpt-T64-B16-W128 (steps, batch, width) "
        "and long-512.\n\n" +
        describe(flags()));
    return done;
  }
  if (arguments.has("list")) {
    print_list();
    return done;
  }
  arguments.expect_texts(1, 1, "a WORKLOAD of --list");
  const std::vector<Workload> workloads = chosen(arguments);
  const bool one = workloads.size() == 1;
  if (!one && (arguments.has("export") || arguments.has("weights")))
    arguments.refuse("--export and --weights: expected one workload, got the family ",
                     arguments.texts()[0]);
  const int64_t threads = arguments.integer("threads", 1).value_or(0);  // 0: the default
  if (threads > 1024) arguments.refuse("--threads: expected at most 1024, got ", threads);
  set_num_threads(int(threads));
  for (const Workload& workload : workloads) {
    run_workload(workload, arguments, began_ms);
    began_ms = bench::now_ms();
  }
  return done;
}

}  // namespace

int main(int count, char** words) {
  const double began_ms = bench::process_began_ms();
  try {
    const Arguments arguments("bench", flags(), std::vector<std::string>(words + 1, words + count));
    const int code = run(arguments, arguments.number("since").value_or(began_ms));
    flush_output();
    return code;
  } catch (const UsageError& error) {
    complain(std::string(error.what()) + "\n(heed-bench --help lists the flags)");
    return usage;
  } catch (...) {
    return report(std::current_exception());
  }
}
