#include "heed/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "heed/core/error.h"

namespace heed::optim {
namespace {

void check_step(const char* name, int64_t step) {
  require(step >= 0, name, ": step must not be negative, got ", step);
}

void check_state(const char* name, double value, bool fits) {
  require(fits, "Plateau: load_state: ", name, " cannot be ", value);
}

/// A count of steps that was stored as a double.
int64_t read_count(const char* name, double value) {
  check_state(name, value, value >= 0 && value <= 0x1p53 && value == std::floor(value));
  return int64_t(value);
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

double step_decay(int64_t step, int64_t every, double gamma) {
  check_step("step_decay", step);
  require(every >= 1, "step_decay: every must be at least 1, got ", every);
  require(gamma >= 0, "step_decay: gamma must not be negative, got ", gamma);
  return std::pow(gamma, double(step / every));
}

double linear_warmup(int64_t step, int64_t steps) {
  check_step("linear_warmup", step);
  require(steps >= 0, "linear_warmup: steps must not be negative, got ", steps);
  return step >= steps ? 1 : double(step + 1) / double(steps);
}

double cosine(int64_t step, int64_t steps, double minimum) {
  check_step("cosine", step);
  require(steps >= 1, "cosine: steps must be at least 1, got ", steps);
  require(minimum >= 0 && minimum <= 1, "cosine: minimum must lie in [0, 1], got ", minimum);
  if (step >= steps) return minimum;
  const double part = double(step) / double(steps);
  return minimum + (1 - minimum) * 0.5 * (1 + std::cos(std::numbers::pi * part));
}

double warmup_cosine(int64_t step, int64_t warmup, int64_t steps, double minimum) {
  require(warmup < steps, "warmup_cosine: the warm-up of ", warmup,
          " steps must be shorter than all ", steps, " steps");
  if (step < warmup) return linear_warmup(step, warmup);
  return cosine(step - warmup, steps - warmup, minimum);
}

double inverse_sqrt(int64_t step, int64_t warmup) {
  check_step("inverse_sqrt", step);
  require(warmup >= 1, "inverse_sqrt: warmup must be at least 1, got ", warmup);
  const double s = double(step + 1), w = double(warmup);
  return std::min(s / w, std::sqrt(w / s));
}

double noam(int64_t step, int64_t model_size, int64_t warmup) {
  require(model_size >= 1, "noam: model_size must be at least 1, got ", model_size);
  return inverse_sqrt(step, warmup) / std::sqrt(double(model_size) * double(warmup));
}

Plateau::Plateau(PlateauOptions options)
    : options_(options), best_(options.maximize ? -infinity : infinity) {
  require(options.factor > 0 && options.factor < 1, "Plateau: factor must lie in (0, 1), got ",
          options.factor);
  require(options.patience >= 0, "Plateau: patience must not be negative, got ", options.patience);
  require(options.threshold >= 0, "Plateau: threshold must not be negative, got ",
          options.threshold);
  require(options.cooldown >= 0, "Plateau: cooldown must not be negative, got ", options.cooldown);
  require(options.minimum >= 0 && options.minimum <= 1, "Plateau: minimum must lie in [0, 1], got ",
          options.minimum);
}

double Plateau::operator()(double metric) {
  const double margin = options_.threshold;
  const bool better =
      options_.maximize ? metric > best_ * (1 + margin) : metric < best_ * (1 - margin);
  if (better) best_ = metric;
  bad_ = better ? 0 : bad_ + 1;
  if (cooling_ > 0) --cooling_, bad_ = 0;
  if (bad_ > options_.patience) {
    factor_ = std::max(factor_ * options_.factor, options_.minimum);
    cooling_ = options_.cooldown;
    bad_ = 0;
  }
  return factor_;
}

std::vector<std::pair<std::string, double>> Plateau::state() const {
  return {
      {"factor", factor_}, {"best", best_}, {"bad", double(bad_)}, {"cooling", double(cooling_)}};
}

void Plateau::load_state(const std::vector<std::pair<std::string, double>>& state) {
  const auto expected = this->state();
  require(state.size() == expected.size(), "Plateau: load_state: expected ", expected.size(),
          " numbers, got ", state.size());
  for (size_t i = 0; i < state.size(); ++i)
    require(state[i].first == expected[i].first, "Plateau: load_state: expected \"",
            expected[i].first, "\", got \"", state[i].first, "\"");
  const double factor = state[0].second, best = state[1].second;
  check_state("factor", factor, factor >= 0 && factor <= 1);
  check_state("best", best, !std::isnan(best));
  const int64_t bad = read_count("bad", state[2].second);
  cooling_ = read_count("cooling", state[3].second);
  factor_ = factor;
  best_ = best;
  bad_ = bad;
}

}  // namespace heed::optim
