#pragma once

#include "heed/nn/module.h"

namespace heed::nn {

struct LinearOptions {
  int64_t in_features = 0;
  int64_t out_features = 0;
  bool bias = true;
};

/// y = x W^T + b: (..., in_features) -> (..., out_features).
/// Starts uniform in [-1/sqrt(in_features), 1/sqrt(in_features)], weight and bias.
struct Linear : Module {
  /// Throws Error for sizes below 1.
  explicit Linear(LinearOptions options);
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor& visit) override {
    visit("weight", weight);
    visit("bias", bias);
  }

  Parameter weight;               ///< (out_features, in_features)
  std::optional<Parameter> bias;  ///< (out_features,)
};

}  // namespace heed::nn
