#pragma once

#include "heed/optim/optimizer.h"

namespace heed::optim {

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;                   ///< >= 0; step t uses lr / (1 + (t - 1) lr_decay)
  double weight_decay = 0;               ///< >= 0; adds weight_decay p to the gradient
  double initial_accumulator_value = 0;  ///< >= 0; the sum's first value
  double eps = 1e-10;                    ///< >= 0
};

/// s += g^2, p -= lr g / (sqrt(s) + eps). Duchi, Hazan & Singer 2011, "Adaptive subgradient methods
/// for online learning and stochastic optimization".
class Adagrad final : public Optimizer {
 public:
  explicit Adagrad(std::vector<NamedVariable> parameters, AdagradOptions options = {});
  explicit Adagrad(const std::vector<Variable>& parameters, AdagradOptions options = {})
      : Adagrad(numbered(parameters), options) {}
  explicit Adagrad(std::vector<ParameterGroup<AdagradOptions>> groups);

 private:
  void update(const Slot& slot, const Tensor& gradient, double lr) override;
  std::vector<AdagradOptions> options_;  // of each group
};

}  // namespace heed::optim
