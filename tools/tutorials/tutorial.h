#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/json.h"
#include "heed/models/show/attention_map.h"
#include "heed/models/show/progress.h"
#include "road.h"
#include "tools/heed/flags.h"

/// What the tutorials share: their flags, where they write, and the line with the result. A
/// tutorial is one page:
///
///     int main(int count, char** words) {
///       return tutorial("moons", count, words, [](Tutorial& t) {
///         ...
///         t.result(loss, accuracy == 1, "loss 0.0112, 100 % right");
///       });
///     }
class Tutorial {
 public:
  Tutorial(const RoadStep& step, const Arguments& arguments);

  /// The file or folder that the tutorial was given, where road.h says that it reads one.
  const std::string& file() const { return arguments_.texts().at(0); }
  /// The value of --steps, else `usual`: fewer are for a look, and prove nothing.
  int64_t steps(int64_t usual);
  int64_t seed() const { return seed_; }

  /// A line of these parts for people: on stdout, with --json on stderr.
  template <class... Parts>
  void say(const Parts&... parts) {
    using heed::text;
    print_line((text(parts) + ...));
  }
  /// With --json an object on stdout, for programs; otherwise nothing.
  void event(const heed::Json& json);
  /// The progress line, now and then.
  void progress(int64_t step, int64_t total, double loss);
  /// Writes a file (a picture, a page) into --out, by default runs/tutorials/NAME, and says so.
  void write(std::string_view name, std::string_view contents);

  double minutes() const;

  /// The end: prints the published claim, what was measured and the minutes, with --json as
  /// {"event": "result", "name", "published", "measured", "pass", "minutes"}; after fewer steps
  /// than usual nothing has passed or failed.
  void result(double measured, bool pass, std::string_view in_words);
  /// 0, or 1 when the result did not pass, though all steps were done.
  int exit_code() const { return pass_ || shortened_ ? 0 : 1; }

 private:
  void print_line(const std::string& line);

  RoadStep step_;
  const Arguments& arguments_;
  int64_t seed_;
  bool json_, pass_ = false, shortened_ = false;
  std::string folder_;
  double start_;
  std::unique_ptr<heed::show::Progress> progress_;
};

/// A number with so many digits after the point.
std::string fixed(double value, int digits);

/// The numbers of a sequence (1, N) or (N) of i64, as tokens to show.
std::vector<std::string> tokens_of(const heed::Tensor& sequence);
/// The same as a line: "0 1 2".
std::string line_of(const heed::Tensor& sequence);
/// Where the tokens of `target` looked in `source`; weights with T x S elements.
heed::show::AttentionMap map_of(const heed::Tensor& source, const heed::Tensor& target,
                                const heed::Tensor& weights, std::string title);

/// Runs the body for the step of that name: flags, seed, threads and errors are dealt with. Returns
/// the exit code of the program.
int tutorial(std::string_view name, int count, char** words,
             const std::function<void(Tutorial&)>& body);
