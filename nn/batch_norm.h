#pragma once

#include "heed/nn/module.h"

namespace heed::nn {

struct BatchNormOptions {
  int64_t num_features = 0;
  double eps = 1e-5;      ///< in (0, 1)
  double momentum = 0.1;  ///< share of a new batch in the running statistics, in [0, 1]
  bool affine = true;     ///< with weight and bias?
};

/// y = (x - mean) / sqrt(var + eps) * weight + bias for each channel. In training, mean and
/// variance are those of the batch (divided by n), and the running ones follow them:
///   running = (1 - momentum) running + momentum batch    (the variance divided by n - 1 there).
/// In evaluation the running ones are used. Starts with weight 1, bias 0, mean 0 and variance 1.
/// Ioffe & Szegedy 2015, "Batch normalization: accelerating deep network training by reducing
/// internal covariate shift".
struct BatchNorm : Module {
  void members(MemberVisitor& visit) override;

  std::optional<Parameter> weight, bias;  ///< (num_features,)
  Buffer running_mean, running_var;       ///< (num_features,)
  Buffer num_batches_tracked;             ///< () i64
  double eps, momentum;

 protected:
  BatchNorm(const char* name, BatchNormOptions options);
  Variable normalize(const Variable& x) const;
};

/// (N, C) or (N, C, L) -> the same.
struct BatchNorm1d : BatchNorm {
  /// Throws Error for num_features below 1, eps outside (0, 1) and a momentum outside [0, 1].
  explicit BatchNorm1d(BatchNormOptions options) : BatchNorm("BatchNorm1d", options) {}
  Variable operator()(const Variable& x) const;
};

/// (N, C, H, W) -> the same.
struct BatchNorm2d : BatchNorm {
  /// Throws what BatchNorm1d throws.
  explicit BatchNorm2d(BatchNormOptions options) : BatchNorm("BatchNorm2d", options) {}
  Variable operator()(const Variable& x) const;
};

}  // namespace heed::nn
