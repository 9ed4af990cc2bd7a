#pragma once

#include "heed/optim/optimizer.h"

namespace heed::optim {

struct AdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};  ///< each in [0, 1)
  double eps = 1e-8;                               ///< >= 0
  double weight_decay = 0;                         ///< >= 0; adds weight_decay p to the gradient
};

/// Adam: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2,
/// p -= lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps).
/// Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1.
class Adam final : public Optimizer {
 public:
  explicit Adam(std::vector<NamedVariable> parameters, AdamOptions options = {});
  explicit Adam(const std::vector<Variable>& parameters, AdamOptions options = {})
      : Adam(numbered(parameters), options) {}
  explicit Adam(std::vector<ParameterGroup<AdamOptions>> groups);

 private:
  void update(const Slot& slot, const Tensor& gradient, double lr) override;
  std::vector<AdamOptions> options_;  // of each group
};

struct AdamWOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};  ///< each in [0, 1)
  double eps = 1e-8;                               ///< >= 0
  double weight_decay = 1e-2;                      ///< >= 0; shrinks p by lr weight_decay p
};

/// Adam with decoupled weight decay: p -= lr weight_decay p, apart from the gradient.
/// Loshchilov & Hutter 2019, "Decoupled weight decay regularization".
class AdamW final : public Optimizer {
 public:
  explicit AdamW(std::vector<NamedVariable> parameters, AdamWOptions options = {});
  explicit AdamW(const std::vector<Variable>& parameters, AdamWOptions options = {})
      : AdamW(numbered(parameters), options) {}
  explicit AdamW(std::vector<ParameterGroup<AdamWOptions>> groups);

 private:
  void update(const Slot& slot, const Tensor& gradient, double lr) override;
  std::vector<AdamWOptions> options_;  // of each group
};

}  // namespace heed::optim
