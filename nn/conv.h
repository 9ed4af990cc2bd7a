#pragma once

#include "heed/core/conv.h"
#include "heed/nn/module.h"

namespace heed::nn {

/// Sizes are one number for all dimensions or one for each: `{.kernel_size = 3, .padding = 1}`.
struct ConvLayerOptions {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  Dims kernel_size = {};
  Dims stride = 1;
  Dims padding = 0;  ///< zeros on both sides
  Dims dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

/// (N, in_channels, L) -> (N, out_channels, L'), as conv1d of core/conv.h says. Starts uniform in
/// [-b, b] with b = 1 / sqrt(in_channels / groups * kernel size), weight and bias.
struct Conv1d : Module {
  /// Throws Error for sizes below 1, a padding below 0 and groups that do not divide the channels.
  explicit Conv1d(ConvLayerOptions options);
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor& visit) override {
    visit("weight", weight);
    visit("bias", bias);
  }

  Parameter weight;               ///< (out_channels, in_channels / groups, K)
  std::optional<Parameter> bias;  ///< (out_channels,)
  ConvOptions options;
};

/// (N, in_channels, H, W) -> (N, out_channels, H', W'), as conv2d of core/conv.h says.
/// LeCun et al. 1989, "Backpropagation applied to handwritten zip code recognition".
struct Conv2d : Module {
  /// Throws what Conv1d throws.
  explicit Conv2d(ConvLayerOptions options);
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor& visit) override {
    visit("weight", weight);
    visit("bias", bias);
  }

  Parameter weight;               ///< (out_channels, in_channels / groups, KH, KW)
  std::optional<Parameter> bias;  ///< (out_channels,)
  ConvOptions options;
};

}  // namespace heed::nn
