#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/matmul.h"

namespace heed {

/// The matrix product, recorded: shapes, broadcasting and errors as in core/matmul.h. Backward
/// reads transposed matrices where they lie.
Variable matmul(const Variable& a, const Variable& b);

/// x W^T + bias for x (..., K), weight (N, K) and bias (N) or none: (..., N).
Variable linear(const Variable& x, const Variable& weight, const Variable& bias = {});

}  // namespace heed
