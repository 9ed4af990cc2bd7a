#pragma once

#include <initializer_list>
#include <limits>
#include <vector>

#include "heed/autograd/broadcast.h"
#include "heed/autograd/variable.h"
#include "heed/core/shape.h"

/// Ops of Variables that move elements: the functions of core/shape.h, recorded. Shapes, ranges and
/// errors are stated there. The gradient of a move is the move back; elements that were left out
/// get zero, elements that were repeated get the sum.
namespace heed {

/// x in another dtype. Integers have no derivative: to them, the result is a constant.
Variable to(const Variable& x, DType dtype);
Variable contiguous(const Variable& x);
Variable clone(const Variable& x);

Variable reshape(const Variable& x, const Shape& shape);
Variable view(const Variable& x, const Shape& shape);
Variable flatten(const Variable& x, int64_t first = 0, int64_t last = -1);
Variable permute(const Variable& x, const Dims& dims);
Variable transpose(const Variable& x, int64_t dim0, int64_t dim1);
Variable squeeze(const Variable& x);
Variable squeeze(const Variable& x, int64_t dim);
Variable unsqueeze(const Variable& x, int64_t dim);
Variable narrow(const Variable& x, int64_t dim, int64_t start, int64_t length);
Variable select(const Variable& x, int64_t dim, int64_t index);
Variable slice(const Variable& x, int64_t dim, int64_t start,
               int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1);

// The pieces of one tensor are one op: its backward writes all their gradients into one block.
std::vector<Variable> split(const Variable& x, int64_t size, int64_t dim = 0);
std::vector<Variable> split(const Variable& x, std::span<const int64_t> sizes, int64_t dim = 0);
inline std::vector<Variable> split(const Variable& x, std::initializer_list<int64_t> sizes,
                                   int64_t dim = 0) {
  return split(x, std::span<const int64_t>(sizes.begin(), sizes.size()), dim);
}
std::vector<Variable> chunk(const Variable& x, int64_t chunks, int64_t dim = 0);
std::vector<Variable> unbind(const Variable& x, int64_t dim = 0);

Variable repeat(const Variable& x, const Dims& repeats);
Variable cat(std::span<const Variable> variables, int64_t dim = 0);
inline Variable cat(std::initializer_list<Variable> variables, int64_t dim = 0) {
  return cat(std::span<const Variable>(variables.begin(), variables.size()), dim);
}
Variable stack(std::span<const Variable> variables, int64_t dim = 0);
inline Variable stack(std::initializer_list<Variable> variables, int64_t dim = 0) {
  return stack(std::span<const Variable>(variables.begin(), variables.size()), dim);
}
Variable flip(const Variable& x, const Dims& dims);
Variable pad(const Variable& x, std::span<const int64_t> pads, Scalar value = 0);
inline Variable pad(const Variable& x, std::initializer_list<int64_t> pads, Scalar value = 0) {
  return pad(x, std::span<const int64_t>(pads.begin(), pads.size()), value);
}
Variable tril(const Variable& x, int64_t diagonal = 0);
Variable triu(const Variable& x, int64_t diagonal = 0);

}  // namespace heed
