#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/pooling.h"

namespace heed {

/// Pooling, recorded and fused: shapes, ties and errors as in core/pooling.h.
Variable max_pool1d(const Variable& x, const Dims& kernel, const PoolOptions& options = {});
Variable max_pool2d(const Variable& x, const Dims& kernel, const PoolOptions& options = {});
Variable avg_pool1d(const Variable& x, const Dims& kernel, const AvgPoolOptions& options = {});
Variable avg_pool2d(const Variable& x, const Dims& kernel, const AvgPoolOptions& options = {});

}  // namespace heed
