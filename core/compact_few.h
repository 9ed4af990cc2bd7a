#pragma once
// internal

#include "heed/core/compact.h"

namespace heed::detail {

/// Rows of a compact matrix begin at multiples of so many numbers; those behind the last are 0.
inline constexpr int64_t compact_step = 64;
constexpr int64_t compact_stride(int64_t columns) {
  return (columns + compact_step - 1) / compact_step * compact_step;
}

/// C (m, N) = A (m, K) W^T + bias (or nullptr) for few rows: W is read once, and widened in
/// registers. The bits of a row do not depend on the other rows.
void multiply_compact_few(int64_t m, const float* a, const CompactMatrix& weight, const float* bias,
                          float* c);
/// m up to which it is faster than a product with the widened weight.
int64_t most_compact_few_rows();

}  // namespace heed::detail
