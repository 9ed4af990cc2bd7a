#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Learning rate schedules: plain functions from a step to the factor of the learning rate. Steps
/// count from 0, and the factor is for the update of that step. They combine by arithmetic:
///
///     optimizer.set_lr_factor(optim::linear_warmup(step, 200) * optim::cosine(step, 6500));
///
/// All throw Error for lengths and factors outside the ranges named.
namespace heed::optim {

/// The same factor at every step.
constexpr double constant(int64_t, double factor = 1) { return factor; }

/// gamma^(step / every), rounded down: a stair. every >= 1, gamma >= 0.
double step_decay(int64_t step, int64_t every, double gamma = 0.1);

/// (step + 1) / steps up to 1: the first update is small already, the last of the warm-up is full.
/// steps >= 0; 0 is no warm-up.
double linear_warmup(int64_t step, int64_t steps);

/// Half a cosine from 1 at step 0 to `minimum` in [0, 1] at step `steps` >= 1 and after it.
/// Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", eq. 5.
double cosine(int64_t step, int64_t steps, double minimum = 0);

/// A linear warm-up over the first `warmup` steps, then half a cosine over the rest of `steps`.
double warmup_cosine(int64_t step, int64_t warmup, int64_t steps, double minimum = 0);

/// min(s / warmup, sqrt(warmup / s)) for s = step + 1: linear up to 1, then the inverse square
/// root. warmup >= 1.
double inverse_sqrt(int64_t step, int64_t warmup);

/// model_size^-1/2 min(s^-1/2, s warmup^-3/2) for s = step + 1: the inverse square root with the
/// height of Vaswani et al. 2017, "Attention is all you need", eq. 3 (for a learning rate of 1).
double noam(int64_t step, int64_t model_size, int64_t warmup);

struct PlateauOptions {
  double factor = 0.1;      ///< in (0, 1): by which the learning rate shrinks
  int64_t patience = 10;    ///< this many evaluations in a row may fail to improve
  double threshold = 1e-4;  ///< an improvement is better by this share of the best
  int64_t cooldown = 0;     ///< evaluations to wait after a reduction
  double minimum = 0;       ///< the result never falls below this
  bool maximize = false;    ///< is a larger metric better?
};

/// Lowers the factor when a metric stops improving: PyTorch's ReduceLROnPlateau.
class Plateau {
 public:
  explicit Plateau(PlateauOptions options = {});
  /// Takes the metric of one evaluation (NaN is no improvement) and returns the factor from now on.
  double operator()(double metric);
  double factor() const { return factor_; }

  /// All that it remembers, for checkpoints.
  std::vector<std::pair<std::string, double>> state() const;
  void load_state(const std::vector<std::pair<std::string, double>>& state);

 private:
  PlateauOptions options_;
  double factor_ = 1;
  double best_;
  int64_t bad_ = 0;      // evaluations in a row without improvement
  int64_t cooling_ = 0;  // evaluations still to wait
};

}  // namespace heed::optim
