#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/index.h"

/// Elements picked by numbers, recorded: the functions of core/index.h, where shapes, ranges and
/// errors are stated. Indices have no gradient. The gradient of picking adds up at the places that
/// were picked, in the order of the indices.
namespace heed {

Variable index_select(const Variable& x, int64_t dim, const Tensor& indices);
Variable gather(const Variable& x, int64_t dim, const Tensor& index);
Variable scatter_add(const Variable& x, int64_t dim, const Tensor& index, const Variable& src);
Variable masked_fill(const Variable& x, const Tensor& mask, Scalar value);

/// Rows of a table: weight (V, D), ids (...) -> (..., D). The row padding_idx (-1: none) is read
/// like any other but gets no gradient.
Variable embedding(const Variable& weight, const Tensor& ids, int64_t padding_idx = -1);

}  // namespace heed
