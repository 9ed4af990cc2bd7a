#pragma once
// internal

#include "heed/core/tensor.h"

namespace heed {

/// c += a b in place: a (M, K) and b (K, N) with one stride of 1 each, c (M, N) with rows in order.
void add_product_(const Tensor& c, const Tensor& a, const Tensor& b);

}  // namespace heed
