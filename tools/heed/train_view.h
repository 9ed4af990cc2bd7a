#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "heed/core/io/files.h"
#include "heed/models/show/progress.h"
#include "heed/models/tasks/run.h"

struct ViewOptions {
  bool json = false, quiet = false, verbose = false;
  std::string log = {};  ///< a file, or empty
  int64_t steps = 0;     ///< that will be done
};

/// Shows a run: its progress on stderr and in the log, its result on stdout; with --json every
/// event on stdout.
class TrainView final : public heed::models::RunView {
 public:
  explicit TrainView(ViewOptions options);

  void started(const heed::models::Task& task, const heed::models::DataFacts& facts,
               int64_t parameters) override;
  void replaces(const std::string& folder) override;
  void step(const heed::models::StepReport& report) override;
  void validated(int64_t step, const heed::models::Report& report) override;
  void event(const heed::Json& event) override;
  void finished(const heed::models::RunResult& result) override;

 private:
  void note(const std::string& line);
  void log(std::string_view lines);
  void print_result(const heed::models::RunResult& result) const;

  ViewOptions options_;
  heed::show::Progress progress_;
  std::optional<heed::LineWriter> log_file_;
  std::optional<heed::show::Progress> log_;
  std::string items_ = "items";
  int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_ = {};
};

/// The text in at least `width` columns.
std::string padded(std::string text, int width);
