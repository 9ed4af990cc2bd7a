#pragma once

#include <cstdint>

#include "heed/core/tensor.h"

namespace heed {

/// Sorted elements and the places (i64) they had along the dimension.
struct SortResult {
  Tensor values;
  Tensor indices;
};

/// Sorted along dim. Equal elements keep their order; NaN counts as the largest.
SortResult sort(const Tensor& x, int64_t dim = -1, bool descending = false);

/// The indices of sort.
Tensor argsort(const Tensor& x, int64_t dim = -1, bool descending = false);

/// The k largest (or smallest) along dim, best first; of equal ones the first come first. NaN
/// counts as the largest. 0 <= k <= x.size(dim).
SortResult topk(const Tensor& x, int64_t k, int64_t dim = -1, bool largest = true);

}  // namespace heed
