#pragma once

#include "heed/autograd/reduce.h"
#include "heed/core/sort.h"

/// Sorting of Variables: the functions of core/sort.h, recorded. Each value's gradient goes back to
/// the place it came from; places have none.
namespace heed {

PickedVariable sort(const Variable& x, int64_t dim = -1, bool descending = false);
PickedVariable topk(const Variable& x, int64_t k, int64_t dim = -1, bool largest = true);

}  // namespace heed
