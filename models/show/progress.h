#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "heed/models/show/terminal.h"

namespace heed::show {

/// What a progress line tells; what is not set is left out.
struct ProgressFields {
  std::int64_t step = 0;
  std::int64_t total = 0;  ///< 0 if unknown: then no bar, no remaining time
  std::optional<double> loss = {};
  std::optional<double> smoothed_loss = {};
  std::optional<double> lr = {};
  std::optional<double> gradient_norm = {};
  std::optional<double> items_per_second = {};
  std::string items = "items";                   ///< what is counted per second
  std::optional<double> elapsed_seconds = {};    ///< Progress fills it in: since it was made
  std::optional<double> remaining_seconds = {};  ///< Progress fills it in: by its pace
  std::optional<std::int64_t> memory_bytes = {};
};

/// The fields as one line of words, without a line end:
/// `step 1200/6500  loss 0.4123 (mean 0.4551)  0:42 elapsed, 3:05 left  ...`.
std::string progress_line(const ProgressFields& fields);

/// The line for a terminal: with a bar, in at most `columns - 1` columns.
std::string progress_line(const ProgressFields& fields, const TerminalFacts& terminal);

struct ProgressOptions {
  bool quiet = false;                                ///< writes nothing at all
  double log_every = 5;                              ///< seconds between the lines of a log
  TerminalFacts terminal = {};                       ///< of the stream; as it stands, a log
  std::function<void(std::string_view)> write = {};  ///< left out: to stderr
  std::function<double()> clock = {};                ///< seconds; left out: a steady clock
};

/// Shows how a long run goes. On a terminal one line is redrawn in place, at most ten times a
/// second, and erased at the end; anywhere else there is a plain line every `log_every` seconds
/// and one for the last state. A log never gets '\r' or an escape sequence.
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// Shows the state if it is time to; cheap otherwise.
  void update(const ProgressFields& fields);

  /// Writes a line of text that stays, as it is; the drawn line makes way for it.
  void note(std::string_view line);

  /// Erases the drawn line, or writes the last state to the log if it is not there yet.
  void finish();

 private:
  std::string taken_away();

  ProgressOptions options_;
  bool redraws_ = false;
  bool drawn_ = false;
  double start_ = 0;
  double next_ = 0;  // when the next line is due
  std::optional<std::int64_t> first_step_;
  std::int64_t last_step_ = 0;
  double first_time_ = 0;
  std::optional<ProgressFields> pending_;  // the newest state, not yet in the log
};

}  // namespace heed::show
