#include "heed/models/show/progress.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "heed/core/io/utf8.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr double redraw_every = 0.1;
constexpr int longest_bar = 20;

std::string scientific(double value) {
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific, 2);
  return {buffer.data(), end.ptr};
}

// Always four digits after the point, so that a redrawn line does not jitter.
std::string number(double value) {
  const double size = std::fabs(value);
  return size == 0 || (size >= 1e-3 && size < 1e4) ? fixed(value, 4) : scientific(value);
}

std::string compact(double value) {
  if (!(value >= 1000)) return fixed(value, value < 10 ? 1 : 0);
  return value < 1e6 ? fixed(value / 1e3, 1) + "k" : fixed(value / 1e6, 1) + "M";
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds > 0 ? std::min(seconds, 1e9) : 0);
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const std::string tail = ":" + two(whole % 60);
  if (whole < 3600) return std::to_string(whole / 60) + tail;
  return std::to_string(whole / 3600) + ":" + two(whole / 60 % 60) + tail;
}

std::string steps(const ProgressFields& f) {
  const std::string step = std::to_string(f.step);
  if (f.total <= 0) return "step " + step;
  const std::string total = std::to_string(f.total);
  const std::size_t pad = total.size() > step.size() ? total.size() - step.size() : 0;
  return "step " + std::string(pad, ' ') + step + "/" + total;
}

// The most asked for first: a narrow terminal cuts the rest.
std::string numbers(const ProgressFields& f) {
  std::string out;
  if (f.loss) out += "  loss " + number(*f.loss);
  if (f.smoothed_loss) {
    const std::string mean = number(*f.smoothed_loss);
    out += f.loss ? " (mean " + mean + ")" : "  mean loss " + mean;
  }
  if (f.elapsed_seconds) out += "  " + duration(*f.elapsed_seconds) + " elapsed";
  if (f.remaining_seconds)
    out += (f.elapsed_seconds ? ", " : "  ") + duration(*f.remaining_seconds) + " left";
  if (f.items_per_second) out += "  " + compact(*f.items_per_second) + " " + f.items + "/s";
  if (f.lr) out += "  lr " + scientific(*f.lr);
  if (f.gradient_norm) out += "  grad norm " + number(*f.gradient_norm);
  if (f.memory_bytes) out += "  " + fixed(static_cast<double>(*f.memory_bytes) / 1e6, 0) + " MB";
  return out;
}

std::string bar(const ProgressFields& f, const TerminalFacts& terminal, int width) {
  const double share = static_cast<double>(f.step) / static_cast<double>(f.total);
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
  const bool unicode = wants_unicode(terminal);
  const bool colour = wants_colour(terminal);
  std::string out = colour ? "\x1b[36m" : "";
  for (int i = 0; i < full; ++i) out += unicode ? "━" : "#";
  if (colour) out += "\x1b[90m";
  for (int i = full; i < width; ++i) out += unicode ? "─" : "-";
  return out + (colour ? "\x1b[0m" : "");
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void write_to_stderr(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

std::string progress_line(const ProgressFields& fields) { return steps(fields) + numbers(fields); }

std::string progress_line(const ProgressFields& fields, const TerminalFacts& terminal) {
  const std::string head = steps(fields);
  const int room = terminal.columns - 1 - display_width(head);
  const int width = std::min(room / 6, longest_bar);
  const bool has_bar = fields.total > 0 && width > 4;
  const std::string middle = has_bar ? " " + bar(fields, terminal, width) : "";
  const int left = room - (has_bar ? width + 1 : 0);
  return head + middle + cut(numbers(fields), left, wants_unicode(terminal) ? "…" : "~");
}

Progress::Progress(ProgressOptions options) : options_(std::move(options)) {
  if (!options_.write) options_.write = write_to_stderr;
  if (!options_.clock) options_.clock = steady_seconds;
  redraws_ = can_redraw(options_.terminal);
  start_ = options_.clock();
  next_ = redraws_ ? start_ : start_ + options_.log_every;
}

Progress::~Progress() {
  try {
    finish();
  } catch (...) {  // a line that cannot be written must not end the program
  }
}

void Progress::update(const ProgressFields& fields) {
  if (options_.quiet) return;
  const double now = options_.clock();
  if (!first_step_ || fields.step < last_step_) {  // another model may begin at step 1 again
    first_step_ = fields.step;
    first_time_ = now;
  }
  last_step_ = fields.step;
  if (redraws_ && now < next_) return;
  pending_ = fields;
  if (!fields.elapsed_seconds) pending_->elapsed_seconds = now - start_;
  const std::int64_t walked = fields.step - *first_step_;
  if (!fields.remaining_seconds && fields.total > 0 && walked > 0)
    pending_->remaining_seconds = (now - first_time_) / static_cast<double>(walked) *
                                  static_cast<double>(fields.total - fields.step);
  if (now < next_) return;
  next_ = now + (redraws_ ? redraw_every : options_.log_every);
  const ProgressFields shown = *std::exchange(pending_, std::nullopt);
  if (redraws_)
    options_.write(taken_away() + progress_line(shown, options_.terminal));
  else
    options_.write(progress_line(shown) + '\n');
  drawn_ = redraws_;
}

std::string Progress::taken_away() { return std::exchange(drawn_, false) ? "\r\x1b[K" : ""; }

void Progress::note(std::string_view line) {
  if (options_.quiet) return;
  options_.write(taken_away().append(line) += '\n');
}

void Progress::finish() {
  if (drawn_) options_.write(taken_away());
  if (pending_) options_.write(progress_line(*pending_) + '\n');
  pending_.reset();
}

}  // namespace heed::show
