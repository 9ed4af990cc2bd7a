#pragma once

#include <vector>

#include "heed/core/shape.h"

using Values = std::vector<double>;

/// All elements of a tensor in row-major order, whatever its dtype and strides.
inline Values values(const heed::Tensor& x) {
  const heed::Tensor rows = to(contiguous(x), heed::f64);
  return {rows.data<double>(), rows.data<double>() + rows.numel()};
}
