#pragma once

#include "heed/optim/optimizer.h"

namespace heed::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;      ///< >= 0: how much of the mean square is kept
  double eps = 1e-8;        ///< >= 0
  double weight_decay = 0;  ///< >= 0; adds weight_decay p to the gradient
  double momentum = 0;      ///< >= 0
  bool centered = false;    ///< divides by the standard deviation: subtracts the mean squared
};

/// v = alpha v + (1 - alpha) g^2, d = g / (sqrt(v) + eps); p -= lr d, or with momentum
/// b = momentum b + d, p -= lr b. Centered: a = alpha a + (1 - alpha) g and sqrt(max(v - a^2, 0)).
/// Tieleman & Hinton 2012, lecture 6e of "Neural networks for machine learning"; centered: Graves
/// 2013, "Generating sequences with recurrent neural networks".
class RMSprop final : public Optimizer {
 public:
  explicit RMSprop(std::vector<NamedVariable> parameters, RMSpropOptions options = {});
  explicit RMSprop(const std::vector<Variable>& parameters, RMSpropOptions options = {})
      : RMSprop(numbered(parameters), options) {}
  explicit RMSprop(std::vector<ParameterGroup<RMSpropOptions>> groups);

 private:
  void update(const Slot& slot, const Tensor& gradient, double lr) override;
  std::vector<RMSpropOptions> options_;  // of each group
};

}  // namespace heed::optim
