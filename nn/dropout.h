#pragma once

#include "heed/nn/module.h"

namespace heed::nn {

struct DropoutOptions {
  double p = 0.5;  ///< the share that is dropped, in [0, 1]
};

/// In training each element becomes 0 with probability p, else x / (1 - p); in evaluation x itself.
/// Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
struct Dropout : Module {
  /// Throws Error for p outside [0, 1].
  explicit Dropout(DropoutOptions options = {});
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor&) override {}

  double p;
};

}  // namespace heed::nn
