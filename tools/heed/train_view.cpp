#include "train_view.h"

#include <algorithm>
#include <vector>

#include "heed/core/io/utf8.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/models/show/text.h"
#include "output.h"

using namespace heed;
using namespace heed::models;
using show::fixed;
using show::grouped;

namespace {

/// Free text, line by line.
void add_lines(const std::string& text, std::vector<std::string>& lines) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    lines.push_back("  | " + shown(rest.substr(0, end)));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
}

/// A line for each sample: source, what the model wrote, and whether it is right.
std::vector<std::string> table(std::span<const Sample> samples) {
  constexpr int longest = 44;
  const auto cell = [](const std::string& text) { return show::cut(shown(text), longest, "..."); };
  int source_width = 0, written_width = 0;
  for (const auto& sample : samples) {
    if (!sample.judged) continue;
    source_width = std::max(source_width, display_width(cell(sample.source)));
    written_width = std::max(written_width, display_width(cell(sample.written)));
  }
  std::vector<std::string> lines;
  for (const auto& sample : samples) {
    if (!sample.judged) {
      add_lines(sample.written, lines);
      continue;
    }
    lines.push_back("  " + padded(cell(sample.source), source_width) + "  " +
                    padded(cell(sample.written), written_width) + "  " +
                    (sample.right ? "right" : "wrong: " + cell(sample.expected)));
  }
  return lines;
}

}  // namespace

std::string padded(std::string text, int width) {
  const int missing = width - display_width(text);
  return missing > 0 ? text + std::string(size_t(missing), ' ') : text;
}

TrainView::TrainView(ViewOptions options)
    : options_(std::move(options)),
      progress_({.quiet = options_.quiet,
                 .log_every = options_.verbose ? 1.0 : 5.0,
                 .terminal = show::terminal_facts(2)}) {
  if (options_.log.empty()) return;
  log_file_.emplace(options_.log);
  log_.emplace(show::ProgressOptions{.write = [this](std::string_view lines) { log(lines); }});
}

void TrainView::started(const Task& task, const DataFacts& facts, int64_t parameters) {
  items_ = facts.items;
  note(task.name() + ": " + facts.examples);
  for (const auto& line : facts.notes) note("  note: " + line);
  note("model: " + grouped(parameters) + " parameters, " + facts.sizes + "; " +
       show::counted(num_threads(), "threads"));
}

void TrainView::replaces(const std::string& folder) {
  complain("heed: " + folder + " holds an earlier run, which this one replaces");
}

void TrainView::step(const StepReport& report) {
  done_ += report.items;
  const auto passed = std::chrono::steady_clock::now() - start_;
  show::ProgressFields fields{
      .step = report.step,
      .total = options_.steps,
      .loss = report.loss,
      .smoothed_loss = report.smoothed_loss,
      .lr = report.learning_rate,
      .gradient_norm = report.gradient_norm,
      .items_per_second = double(done_) / std::chrono::duration<double>(passed).count(),
      .items = items_};
  if (options_.verbose) fields.memory_bytes = memory_statistics().peak_bytes;
  progress_.update(fields);
  if (log_) log_->update(fields);
}

void TrainView::validated(int64_t step, const Report& report) {
  const bool before = step == 0;
  note(before ? "before training:" : "\nstep " + grouped(step) + ": " + report.words);
  for (const auto& line : table(report.samples)) note(line);
  if (before) start_ = std::chrono::steady_clock::now();
}

void TrainView::event(const Json& event) {
  if (options_.json) print_json(event);
}

void TrainView::finished(const RunResult& result) {
  progress_.finish();
  if (log_) log_->finish();
  if (result.signal != 0) {
    complain("heed: ended by signal " + text(result.signal) + " after step " + text(result.steps) +
             (result.paths.empty() ? "; nothing is saved" : "; saved " + result.paths[0]));
  } else if (!options_.json) {
    print_result(result);
  }
}

void TrainView::print_result(const RunResult& result) const {
  const Report& test = result.test;
  print(test.part + ": " + test.words + "\n      on " + show::counted(test.count, test.counted) +
        " " + test.origin + ",\n      after " + show::counted(result.steps, "steps") + " in " +
        fixed(result.train_seconds, 1) + " s\n");
  if (!test.remark.empty()) print("      " + test.remark + "\n");
  print("\n");
  for (const auto& line : table(test.samples)) print(line + "\n");
  if (!test.maps.empty()) print("\n" + drawn(test.maps[0]));
  print("\nwritten:\n");
  for (const auto& path : result.paths) print("  " + path + "\n");
}

void TrainView::note(const std::string& line) {
  progress_.note(line);
  if (log_) log_->note(line);
}

void TrainView::log(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    log_file_->write(lines.substr(0, end));
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
  }
}
