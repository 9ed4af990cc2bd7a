#include "heed/models/show/progress.h"

#include <cmath>
#include <string>
#include <string_view>

#include "heed/core/io/utf8.h"
#include "heed/models/show/terminal.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::show;

namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

struct Stage {
  double now = 0;
  std::string out;

  ProgressOptions options(const TerminalFacts& terminal) {
    return {.terminal = terminal,
            .write = [this](std::string_view text) { out += text; },
            .clock = [this] { return now; }};
  }
};

}  // namespace

TEST_CASE("progress in a log is a plain line now and then") {
  Stage stage;
  {
    Progress progress(stage.options({.clicolor_force = "1"}));
    for (int step = 1; step <= 13; ++step) {
      stage.now = step;
      progress.update({.step = step, .total = 26, .loss = 0.5});
      if (step == 7) progress.note("epoch 1");
    }
  }
  CHECK(stage.out ==
        "step  5/26  loss 0.5000  0:05 elapsed, 0:21 left\n"
        "epoch 1\n"
        "step 10/26  loss 0.5000  0:10 elapsed, 0:16 left\n"
        "step 13/26  loss 0.5000  0:13 elapsed, 0:13 left\n");
}

TEST_CASE("progress that begins again measures the second walk alone") {
  Stage stage;
  {
    Progress progress(stage.options({}));
    for (int second = 1; second <= 15; ++second) {  // the first walk takes a second a step
      stage.now = second <= 9 ? second : 9 + 2 * (second - 9);
      const int step = second <= 9 ? second : second - 9;
      progress.update({.step = step, .total = 10});
    }
  }
  CHECK(stage.out ==
        "step  5/10  0:05 elapsed, 0:05 left\n"
        "step  1/10  0:11 elapsed\n"
        "step  4/10  0:17 elapsed, 0:12 left\n"
        "step  6/10  0:21 elapsed, 0:08 left\n");
}

TEST_CASE("progress on a terminal is one line, redrawn and erased") {
  Stage stage;
  const TerminalFacts terminal{
      .is_terminal = true, .columns = 60, .term = "xterm", .no_color = "1"};
  Progress progress(stage.options(terminal));
  for (int step = 0; step < 100; ++step) {
    stage.now = step / 64.0;
    progress.update({.step = step, .total = 200, .loss = 1.25, .memory_bytes = 123'456'789});
  }
  CHECK(count(stage.out, "step") == 15);
  CHECK(count(stage.out, "\r\x1b[K") == 14);
  CHECK(stage.out.find('\n') == stage.out.npos);
  const std::string last = stage.out.substr(stage.out.rfind("step"));
  CHECK(last == "step  98/200 ━━━────  loss 1.2500  0:01 elapsed, 0:01 left…");
  CHECK(heed::display_width(last) == 59);
  progress.note("kept");
  CHECK(stage.out.ends_with("\r\x1b[Kkept\n"));
  stage.now = 2;
  progress.update({.step = 100, .total = 200});
  progress.finish();
  CHECK(stage.out.ends_with("\r\x1b[K"));
}

TEST_CASE("quiet progress writes nothing, and every field has its words") {
  Stage stage;
  ProgressOptions options = stage.options({});
  options.quiet = true;
  Progress progress(options);
  stage.now = 100;
  progress.update({.step = 1, .total = 2});
  progress.note("hello");
  progress.finish();
  CHECK(stage.out.empty());
  CHECK(progress_line({.step = 1200,
                       .total = 6500,
                       .loss = 0.41234,
                       .smoothed_loss = 0.4551,
                       .lr = 0.002,
                       .gradient_norm = 12345.6,
                       .items_per_second = 12345,
                       .items = "phones",
                       .elapsed_seconds = 3725,
                       .remaining_seconds = 59.9,
                       .memory_bytes = 212'000'000}) ==
        "step 1200/6500  loss 0.4123 (mean 0.4551)  1:02:05 elapsed, 0:59 left  "
        "12.3k phones/s  lr 2.00e-03  grad norm 1.23e+04  212 MB");
  CHECK(progress_line({.step = 7, .loss = std::nan("")}) == "step 7  loss nan");
}
