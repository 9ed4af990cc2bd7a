#pragma once

#include <string_view>
#include <variant>

#include "heed/nn/layer_norm.h"

namespace heed::nn {

struct RMSNormOptions {
  int64_t normalized_shape = 0;    ///< D, the last dimension of x
  double eps = 1e-5;               ///< in (0, 1)
  bool elementwise_affine = true;  ///< with a weight?
};

/// y = x / sqrt(mean(x^2) + eps) * weight over the last dimension: (..., D) -> the same. Starts
/// with weight 1. Zhang & Sennrich 2019, "Root mean square layer normalization".
/// eps is LayerNorm's by default. PyTorch's is that of the dtype, 1.2e-7 in f32; T5's and the first
/// Llama's is 1e-6.
struct RMSNorm : Module {
  /// Throws Error for a size below 1 and eps outside (0, 1).
  explicit RMSNorm(RMSNormOptions options);
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor& visit) override { visit("weight", weight); }

  std::optional<Parameter> weight;  ///< (D,)
  int64_t normalized_shape;
  double eps;
};

enum class NormKind { layer_norm, rms_norm };

/// "layer_norm" or "rms_norm"; throws Error for any other name.
NormKind norm_from_name(std::string_view name);

struct NormOptions {
  NormKind kind = NormKind::layer_norm;
  int64_t size = 0;   ///< D
  double eps = 1e-5;  ///< in (0, 1)
  bool bias = true;   ///< RMSNorm has none
};

/// Either of the two norms over the last dimension, as a block's options name it. Its parameters
/// are called as theirs: "weight" and "bias".
struct Norm : Module {
  explicit Norm(NormOptions options);
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor& visit) override;

  std::variant<LayerNorm, RMSNorm> norm;
};

}  // namespace heed::nn
