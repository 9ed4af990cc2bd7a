#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/tensor.h"

/// Ops that move elements and change none. The first group gives views: they share the numbers of
/// x (and the version that counts writes) and cost nothing. The second group copies.
/// A negative dimension counts from the end.
namespace heed {

/// The same elements in row-major order under another shape of as many elements; one size may be -1
/// and is worked out. A view where the strides allow it, a copy otherwise.
Tensor reshape(const Tensor& x, const Shape& shape);

/// reshape that never copies. Throws Error where only a copy could do it.
Tensor view(const Tensor& x, const Shape& shape);

/// Dimensions first to last (included) as one: (2, 3, 4) -> (24,). A 0-dim tensor becomes (1,).
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);

/// Dimension i of the result is dimension dims[i] of x.
Tensor permute(const Tensor& x, const Dims& dims);

/// Two dimensions change places.
Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1);

/// Sizes of 1 repeated without copying, new dimensions in front; -1 keeps a size.
Tensor expand(const Tensor& x, const Shape& shape);

/// Without the dimensions of size 1: all of them, or one (which stays where its size is not 1).
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t dim);

/// A new dimension of size 1 at dim, which lies in [-x.dim() - 1, x.dim()].
Tensor unsqueeze(const Tensor& x, int64_t dim);

/// `length` slices from `start` along dim; start may count from the end.
Tensor narrow(const Tensor& x, int64_t dim, int64_t start, int64_t length);

/// One slice along dim, which disappears; index may count from the end.
Tensor select(const Tensor& x, int64_t dim, int64_t index);

/// Every step-th slice in [start, end) along dim, as Python's x[start:end:step]: negative ends
/// count from the end, ends beyond the tensor are cut off. step >= 1.
Tensor slice(const Tensor& x, int64_t dim, int64_t start,
             int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1);

/// Pieces of `size` slices along dim (the last may be smaller), or of the sizes in a list, which
/// must add up.
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim = 0);
std::vector<Tensor> split(const Tensor& x, std::span<const int64_t> sizes, int64_t dim = 0);
inline std::vector<Tensor> split(const Tensor& x, std::initializer_list<int64_t> sizes,
                                 int64_t dim = 0) {
  return split(x, std::span<const int64_t>(sizes.begin(), sizes.size()), dim);
}

/// At most `chunks` pieces of equal size along dim (the last may be smaller).
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim = 0);

/// All slices along dim, which disappears.
std::vector<Tensor> unbind(const Tensor& x, int64_t dim = 0);

/// x repeated whole, repeats[i] times along dimension i: (2, 3) with {4, 2} -> (8, 6). More repeats
/// than dimensions add dimensions in front.
Tensor repeat(const Tensor& x, const Dims& repeats);

/// Tensors one behind the other along a dimension; the other sizes and the dtypes must agree.
Tensor cat(std::span<const Tensor> tensors, int64_t dim = 0);
inline Tensor cat(std::initializer_list<Tensor> tensors, int64_t dim = 0) {
  return cat(std::span<const Tensor>(tensors.begin(), tensors.size()), dim);
}

/// Tensors of one shape side by side along a new dimension.
Tensor stack(std::span<const Tensor> tensors, int64_t dim = 0);
inline Tensor stack(std::initializer_list<Tensor> tensors, int64_t dim = 0) {
  return stack(std::span<const Tensor>(tensors.begin(), tensors.size()), dim);
}

/// The order along the given dimensions turned round. A tensor of shape () has dimension 0.
Tensor flip(const Tensor& x, const Dims& dims);

/// `value` added before and after, in pairs from the last dimension on: pads = {left, right, top,
/// bottom, ...}. A negative number cuts off instead.
Tensor pad(const Tensor& x, std::span<const int64_t> pads, Scalar value = 0);
inline Tensor pad(const Tensor& x, std::initializer_list<int64_t> pads, Scalar value = 0) {
  return pad(x, std::span<const int64_t>(pads.begin(), pads.size()), value);
}

/// The lower (upper) triangle of the last two dimensions, zeros elsewhere. The diagonal counts
/// columns to the right of the main one: tril keeps column - row <= diagonal.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

}  // namespace heed
