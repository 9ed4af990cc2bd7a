#pragma once

#include "heed/nn/module.h"

namespace heed::nn {

struct LayerNormOptions {
  Shape normalized_shape = {};     ///< the last dimensions of x, at least one
  double eps = 1e-5;               ///< in (0, 1)
  bool elementwise_affine = true;  ///< with weight (and bias)?
  bool bias = true;
};

/// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimensions of x, whose shape
/// is normalized_shape: (..., normalized_shape) -> the same. Starts with weight 1 and bias 0.
/// Ba, Kiros & Hinton 2016, "Layer normalization".
struct LayerNorm : Module {
  /// Throws Error for an empty normalized_shape, sizes below 1 and eps outside (0, 1).
  explicit LayerNorm(LayerNormOptions options);
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor& visit) override {
    visit("weight", weight);
    visit("bias", bias);
  }

  std::optional<Parameter> weight;  ///< normalized_shape
  std::optional<Parameter> bias;    ///< normalized_shape
  Shape normalized_shape;
  double eps;
};

}  // namespace heed::nn
