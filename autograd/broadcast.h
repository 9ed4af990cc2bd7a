#pragma once

#include "heed/autograd/variable.h"

namespace heed {

/// Sums x over the dimensions that broadcasting from `shape` to x's shape added or widened: the
/// adjoint of expand. Shapes: x (..., N), result `shape`.
Variable sum_to(const Variable& x, const Shape& shape);

/// A view of x with sizes of 1 (and missing leading dimensions) widened. -1 keeps a size.
/// Throws Error when shape is not a broadcast of x's.
Variable expand(const Variable& x, const Shape& shape);

}  // namespace heed
