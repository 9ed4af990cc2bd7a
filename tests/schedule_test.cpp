#include <cmath>
#include <limits>

#include "heed/optim/schedule.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::optim;

TEST_CASE("constant and stair") {
  CHECK(constant(7) == 1);
  CHECK(constant(7, 0.5) == 0.5);
  CHECK(step_decay(0, 10) == 1);
  CHECK(step_decay(9, 10) == 1);
  CHECK(step_decay(10, 10) == Approx(0.1));
  CHECK(step_decay(29, 10, 0.5) == 0.25);
  check_error([] { step_decay(0, 0); }, "step_decay: every must be at least 1, got 0");
  check_error([] { step_decay(-1, 1); }, "step_decay: step must not be negative, got -1");
  check_error([] { step_decay(0, 1, -1); }, "step_decay: gamma must not be negative");
}

TEST_CASE("linear warm-up starts above 0 and ends at 1") {
  CHECK(linear_warmup(0, 4) == 0.25);
  CHECK(linear_warmup(2, 4) == 0.75);
  CHECK(linear_warmup(3, 4) == 1);
  CHECK(linear_warmup(1000, 4) == 1);
  CHECK(linear_warmup(0, 0) == 1);
  check_error([] { linear_warmup(0, -1); }, "linear_warmup: steps must not be negative");
  check_error([] { linear_warmup(-1, 1); }, "linear_warmup: step must not be negative");
}

TEST_CASE("cosine falls from 1 to its minimum and stays there") {
  CHECK(cosine(0, 100) == 1);
  CHECK(cosine(50, 100) == Approx(0.5));
  CHECK(cosine(25, 100) == Approx(0.5 + std::sqrt(0.125)));
  CHECK(cosine(100, 100) == 0);
  CHECK(cosine(1000, 100, 0.02) == 0.02);
  CHECK(cosine(50, 100, 0.5) == Approx(0.75));
  for (int64_t step = 0; step < 100; ++step) CHECK(cosine(step + 1, 100) < cosine(step, 100));
  check_error([] { cosine(0, 0); }, "cosine: steps must be at least 1, got 0");
  check_error([] { cosine(0, 1, 2); }, "cosine: minimum must lie in [0, 1], got 2");
  check_error([] { cosine(-1, 1); }, "cosine: step must not be negative");
}

TEST_CASE("warm-up and cosine together") {
  CHECK(warmup_cosine(0, 10, 110) == Approx(0.1));
  CHECK(warmup_cosine(9, 10, 110) == 1);
  CHECK(warmup_cosine(10, 10, 110) == 1);
  CHECK(warmup_cosine(60, 10, 110) == Approx(0.5));
  CHECK(warmup_cosine(110, 10, 110, 0.1) == 0.1);
  CHECK(linear_warmup(5, 10) * cosine(5, 110) == Approx(0.6 * cosine(5, 110)));
  check_error([] { warmup_cosine(0, 10, 10); }, "warmup_cosine: the warm-up of 10 steps must be");
  check_error([] { warmup_cosine(-1, 0, 10); }, "step must not be negative");
}

TEST_CASE("the inverse square root rises to 1 and falls") {
  CHECK(inverse_sqrt(0, 100) == Approx(0.01));
  CHECK(inverse_sqrt(99, 100) == 1);
  CHECK(inverse_sqrt(399, 100) == Approx(0.5));
  // Vaswani et al. 2017: the base model's rate at its peak, step 4000.
  CHECK(noam(3999, 512, 4000) == Approx(std::pow(512, -0.5) * std::pow(4000, -0.5)));
  CHECK(noam(0, 512, 4000) == Approx(std::pow(512, -0.5) * std::pow(4000, -1.5)));
  check_error([] { inverse_sqrt(0, 0); }, "inverse_sqrt: warmup must be at least 1, got 0");
  check_error([] { inverse_sqrt(-1, 1); }, "inverse_sqrt: step must not be negative");
  check_error([] { noam(0, 0, 1); }, "noam: model_size must be at least 1, got 0");
}

TEST_CASE("a plateau lowers the rate as PyTorch's ReduceLROnPlateau") {
  const auto run = [](PlateauOptions options, std::vector<double> metrics) {
    Plateau plateau(options);
    for (double& metric : metrics) metric = plateau(metric);
    return metrics;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(
      run({.factor = 0.5, .patience = 1}, {1, 0.9, 0.95, 0.95, 0.95, 0.8, 0.85, 0.85, nan, 0.85}) ==
      std::vector<double>{1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125});
  const std::vector<double> waiting = run(
      {.factor = 0.1, .patience = 0, .cooldown = 2, .minimum = 0.005}, {1, 1, 1, 1, 1, 1, 1, 1});
  const std::vector<double> expected{1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.005};
  for (size_t i = 0; i < expected.size(); ++i) CHECK(waiting[i] == Approx(expected[i]));
  CHECK(run({.factor = 0.5, .patience = 0, .maximize = true}, {1, 2, 2.0001, 3, 2.5}) ==
        std::vector<double>{1, 1, 0.5, 0.5, 0.25});
}

TEST_CASE("a plateau continues from its state") {
  Plateau whole({.patience = 2}), cut({.patience = 2});
  for (const double metric : {3.0, 3.0, 3.0}) whole(metric), cut(metric);
  Plateau resumed({.patience = 2});
  resumed.load_state(cut.state());
  for (const double metric : {3.0, 2.0, 2.0, 2.0, 2.0}) CHECK(whole(metric) == resumed(metric));
  CHECK(whole.factor() == Approx(0.01));
  check_error([&] { resumed.load_state({}); }, "Plateau: load_state: expected 4 numbers, got 0");
  auto renamed = cut.state();
  renamed[1].first = "worst";
  check_error([&] { resumed.load_state(renamed); }, "expected \"best\", got \"worst\"");
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [place, value] : std::vector<std::pair<size_t, double>>{
           {0, nan}, {0, 2}, {0, -1}, {1, nan}, {2, nan}, {2, 1.5}, {2, -1}, {3, 1e30}, {3, nan}}) {
    auto broken = cut.state();
    broken[place].second = value;
    check_error([&] { resumed.load_state(broken); },
                "Plateau: load_state: " + broken[place].first + " cannot be ");
  }
  CHECK(resumed.state() == whole.state());
}

TEST_CASE("a plateau refuses options out of range") {
  check_error([] { Plateau({.factor = 1}); }, "Plateau: factor must lie in (0, 1), got 1");
  check_error([] { Plateau({.patience = -1}); }, "Plateau: patience must not be negative");
  check_error([] { Plateau({.threshold = -1}); }, "Plateau: threshold must not be negative");
  check_error([] { Plateau({.cooldown = -1}); }, "Plateau: cooldown must not be negative");
  check_error([] { Plateau({.minimum = 2}); }, "Plateau: minimum must lie in [0, 1], got 2");
}
