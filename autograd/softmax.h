#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/softmax.h"

/// The functions of core/softmax.h, recorded; formulas and the rule for rows that are -inf or
/// masked throughout are stated there. Such rows get gradient 0.
namespace heed {

Variable softmax(const Variable& x, int64_t dim, const Tensor& mask = {});
Variable log_softmax(const Variable& x, int64_t dim);

}  // namespace heed
