#pragma once

#include <cstdint>

#include "heed/core/tensor.h"

/// Elements picked by numbers. Indices are i64 and lie in [0, size): one outside is an error that
/// names the op, the index and the limit.
namespace heed {

/// Slices along dim in the order of indices (N,): out[..., i, ...] = x[..., indices[i], ...].
Tensor index_select(const Tensor& x, int64_t dim, const Tensor& indices);

/// out[i][j] = x[i][index[i][j]] for dim = 1, and so on. index has the dimensions of x, with sizes
/// no larger than x's except along dim; the result has the shape of index.
Tensor gather(const Tensor& x, int64_t dim, const Tensor& index);

/// x with src added at the places that gather would read: out[i][index[i][j]] += src[i][j] for
/// dim = 1. src is at least as large as index in each dimension. Sums in the order of index.
Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src);

/// value where the mask (u8, broadcast with x) is not 0, x elsewhere.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value);

/// Rows of a table: weight (V, D), ids (...) -> (..., D).
Tensor embedding(const Tensor& weight, const Tensor& ids);

/// The gradient of embedding with respect to its weight: out[v] = sum of grad[i] over ids[i] = v,
/// in the order of ids; grad (..., D), ids (...) -> (rows, D). The row padding_idx (-1: none) is
/// zero.
Tensor embedding_backward(const Tensor& grad, const Tensor& ids, int64_t rows,
                          int64_t padding_idx = -1);

namespace detail {

/// Throws Error "op: index 7 is out of range for size 5 (0 to 4), at position 3" unless indices are
/// i64 and lie in [0, size).
void check_indices(const Tensor& indices, int64_t size, const char* op);

}  // namespace detail

}  // namespace heed
