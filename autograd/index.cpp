#include "heed/autograd/index.h"

#include <utility>
#include <vector>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/record.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"

namespace heed {
namespace {

/// The adjoint of embedding: row i of x (..., D) added to row ids[i] of zeros (rows, D).
Variable add_rows(const Variable& x, const Tensor& ids, int64_t rows, int64_t padding_idx) {
  static constexpr Op op{"add_rows", "y[i] += x", "dx = dy[i]"};
  return record(op, embedding_backward(x.value(), ids, rows, padding_idx),
                input(x, [ids = save(ids), padding_idx](const Variable& g) {
                  const Variable picked = embedding(g, ids.value());
                  if (padding_idx < 0) return picked;
                  return masked_fill(picked, unsqueeze(eq(ids.value(), padding_idx), -1), 0);
                }));
}

Variable zeros_of(const Shape& shape, DType dtype) {
  return Variable(zeros(shape, {.dtype = dtype}));
}

/// A gradient with zeros behind it in every dimension, up to a larger shape.
Variable grown(const Variable& g, const Shape& shape) {
  std::vector<int64_t> pads;
  for (int i = shape.size() - 1; i >= 0; --i) {
    pads.push_back(0);
    pads.push_back(shape[i] - g.shape()[i]);
  }
  return g.shape() == shape ? g : pad(g, pads);
}

}  // namespace

Variable index_select(const Variable& x, int64_t dim, const Tensor& indices) {
  static constexpr Op op{"index_select", "y = x[i]", "dx[i] += dy"};
  const auto back = [dim, indices = save(indices), from = x.shape()](const Variable& g) {
    Shape front = from;  // the shape with dim in front
    std::swap(front[0], front[normalize_dim(dim, from, "index_select")]);
    const int64_t n = indices->numel(), width = front[0] == 0 ? 0 : numel(front) / front[0];
    const Variable rows = reshape(transpose(g, 0, dim), {n, width});
    return transpose(reshape(add_rows(rows, indices.value(), front[0], -1), front), 0, dim);
  };
  return record({op, {"dim", double(dim)}}, index_select(x.value(), dim, indices), input(x, back));
}

Variable gather(const Variable& x, int64_t dim, const Tensor& index) {
  static constexpr Op op{"gather", "y = x at index", "dx at index += dy"};
  return record({op, {"dim", double(dim)}}, gather(x.value(), dim, index),
                input(x, [dim, index = save(index), from = x.shape()](const Variable& g) {
                  return scatter_add(zeros_of(from, g.dtype()), dim, index.value(), g);
                }));
}

Variable scatter_add(const Variable& x, int64_t dim, const Tensor& index, const Variable& src) {
  static constexpr Op op{"scatter_add", "y = x, y at index += s", "dx = dy, ds = dy at index"};
  return record({op, {"dim", double(dim)}}, scatter_add(x.value(), dim, index, src.value()),
                input(x, [](const Variable& g) { return g; }),
                input(src, [dim, index = save(index), from = src.shape()](const Variable& g) {
                  return grown(gather(g, dim, index.value()), from);
                }));
}

Variable masked_fill(const Variable& x, const Tensor& mask, Scalar value) {
  static constexpr Op op{"masked_fill", "y = mask ? value : x", "dx = dy [not mask]", true};
  return record(
      {op, {"value", value.value()}}, masked_fill(x.value(), mask, value),
      input(x, [mask = save(mask)](const Variable& g) { return masked_fill(g, mask.value(), 0); }));
}

Variable embedding(const Variable& weight, const Tensor& ids, int64_t padding_idx) {
  static constexpr Op op{"embedding", "y = w[ids]", "dw[ids] += dy"};
  require(padding_idx >= -1 && padding_idx < weight.size(0), "embedding: padding_idx ", padding_idx,
          " is out of range for ", weight.size(0), " rows");
  return record(
      op, embedding(weight.value(), ids),
      input(weight, [ids = save(ids), padding_idx, rows = weight.size(0)](const Variable& g) {
        return add_rows(g, ids.value(), rows, padding_idx);
      }));
}

}  // namespace heed
