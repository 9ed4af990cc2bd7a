#pragma once
// internal

#include "heed/core/pooling.h"
#include "heed/core/windows.h"

namespace heed::detail {

/// The checked sizes of pooling.
struct PoolPlan {
  Plane plane;
  int spatial;
  Shape output;
};

/// kernel is one number or one for each of the `spatial` dimensions. Throws Error, which starts
/// with op, for sizes that do not fit.
PoolPlan make_pool_plan(const char* op, const Shape& x, int spatial, const Dims& kernel,
                        const PoolOptions& options);

}  // namespace heed::detail
