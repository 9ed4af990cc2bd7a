#pragma once
// internal

#include "heed/core/conv.h"
#include "heed/core/windows.h"

namespace heed::detail {

/// The checked sizes of a convolution.
struct ConvPlan {
  Plane plane;
  int64_t images, groups;
  int64_t in_channels, out_channels;  // of one group
  Shape output;                       // (N, O, ...)

  int64_t taps() const { return in_channels * plane.taps(); }  // of one output: weight's row
};

/// Throws Error, which starts with "conv1d" or "conv2d", for shapes and options that do not fit.
ConvPlan make_conv_plan(const Shape& x, const Shape& weight, const ConvOptions& options);

}  // namespace heed::detail
