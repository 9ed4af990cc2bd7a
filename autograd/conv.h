#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/conv.h"

namespace heed {

/// Convolutions, recorded and fused: shapes, formula and errors as in core/conv.h.
Variable conv1d(const Variable& x, const Variable& weight, const Variable& bias = {},
                const ConvOptions& options = {});
Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias = {},
                const ConvOptions& options = {});

}  // namespace heed
