#pragma once

#include "heed/optim/optimizer.h"

namespace heed::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;      ///< >= 0
  double dampening = 0;     ///< of the gradient's share in the momentum
  double weight_decay = 0;  ///< >= 0; adds weight_decay p to the gradient
  bool nesterov = false;    ///< needs momentum and no dampening
};

/// Stochastic gradient descent: g = gradient + weight_decay p; with momentum
/// b = momentum b + (1 - dampening) g (b = g at first), and g = b, or g + momentum b for Nesterov's
/// form; p -= lr g. Sutskever et al. 2013, "On the importance of initialization and momentum in
/// deep learning", with the learning rate outside the momentum as PyTorch has it.
class SGD final : public Optimizer {
 public:
  explicit SGD(std::vector<NamedVariable> parameters, SGDOptions options = {});
  explicit SGD(const std::vector<Variable>& parameters, SGDOptions options = {})
      : SGD(numbered(parameters), options) {}
  explicit SGD(std::vector<ParameterGroup<SGDOptions>> groups);

 private:
  void update(const Slot& slot, const Tensor& gradient, double lr) override;
  std::vector<SGDOptions> options_;  // of each group
};

}  // namespace heed::optim
