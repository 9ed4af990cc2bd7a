// Views, and the copies that keep every element once. Cutting and joining is in shape_join.cpp.
#include "heed/autograd/shape.h"

#include "heed/autograd/record.h"
#include "heed/autograd/reduce.h"

namespace heed {
namespace {

/// The same elements in row-major order under another shape.
Variable reshaped(const Call& call, const Variable& x, Tensor y) {
  return record(call, std::move(y),
                input(x, [from = x.shape()](const Variable& g) { return reshape(g, from); }));
}

Dims inverse(const Dims& permutation) {
  const int n = permutation.size();
  Dims result = Dims::filled(n, 0);
  for (int i = 0; i < n; ++i)
    result[int(permutation[i] < 0 ? permutation[i] + n : permutation[i])] = i;
  return result;
}

}  // namespace

Variable to(const Variable& x, DType dtype) {
  static constexpr Op op{"to", "y = x in another dtype", "dx = dy in the dtype of x"};
  if (dtype == x.dtype()) return x;
  if (!is_floating(dtype)) return Variable(to(x.value(), dtype));
  return record(op, to(x.value(), dtype),
                input(x, [from = x.dtype()](const Variable& g) { return to(g, from); }));
}

Variable contiguous(const Variable& x) { return x.value().is_contiguous() ? x : clone(x); }

Variable clone(const Variable& x) {
  static constexpr Op op{"clone", "y = x", "dx = dy"};
  return record(op, clone(x.value()), input(x, [](const Variable& g) { return g; }));
}

Variable reshape(const Variable& x, const Shape& shape) {
  static constexpr Op op{"reshape", "y = x under another shape", "dx = dy under the shape of x"};
  return reshaped(op, x, reshape(x.value(), shape));
}

Variable view(const Variable& x, const Shape& shape) {
  static constexpr Op op{"view", "y = x under another shape", "dx = dy under the shape of x"};
  return reshaped(op, x, view(x.value(), shape));
}

Variable flatten(const Variable& x, int64_t first, int64_t last) {
  static constexpr Op op{"flatten", "y = x with dimensions as one", "dx = dy with them apart"};
  return reshaped(op, x, flatten(x.value(), first, last));
}

Variable squeeze(const Variable& x) {
  static constexpr Op op{"squeeze", "y = x without sizes of 1", "dx = dy with them"};
  return reshaped(op, x, squeeze(x.value()));
}

Variable squeeze(const Variable& x, int64_t dim) {
  static constexpr Op op{"squeeze", "y = x without a size of 1", "dx = dy with it"};
  return reshaped({op, {"dim", double(dim)}}, x, squeeze(x.value(), dim));
}

Variable unsqueeze(const Variable& x, int64_t dim) {
  static constexpr Op op{"unsqueeze", "y = x with a size of 1", "dx = dy without it"};
  return reshaped({op, {"dim", double(dim)}}, x, unsqueeze(x.value(), dim));
}

Variable permute(const Variable& x, const Dims& dims) {
  static constexpr Op op{"permute", "y = x with dimensions in another order", "dx = dy put back"};
  return record(op, permute(x.value(), dims),
                input(x, [back = inverse(dims)](const Variable& g) { return permute(g, back); }));
}

Variable transpose(const Variable& x, int64_t dim0, int64_t dim1) {
  static constexpr Op op{"transpose", "y = x^T", "dx = dy^T"};
  return record({op, {"dim0", double(dim0)}, {"dim1", double(dim1)}},
                transpose(x.value(), dim0, dim1),
                input(x, [dim0, dim1](const Variable& g) { return transpose(g, dim0, dim1); }));
}

Variable repeat(const Variable& x, const Dims& repeats) {
  static constexpr Op op{"repeat", "y = copies of x side by side",
                         "dx = sum of dy over the copies"};
  const auto sum_copies = [from = x.shape(), repeats](Variable g) {
    const int extra = repeats.size() - from.size();
    Shape shape = g.shape();
    for (int i = 0; i < repeats.size(); ++i) {
      if (repeats[i] == 1) continue;
      int64_t outer = 1, inner = 1;
      for (int k = 0; k < i; ++k) outer *= shape[k];
      for (int k = i + 1; k < shape.size(); ++k) inner *= shape[k];
      shape[i] = i < extra ? 1 : from[i - extra];
      g = sum(reshape(g, {outer, repeats[i], shape[i], inner}), {1});  // (outer, shape[i], inner)
    }
    return reshape(g, from);
  };
  return record(op, repeat(x.value(), repeats), input(x, sum_copies));
}

Variable flip(const Variable& x, const Dims& dims) {
  static constexpr Op op{"flip", "y = x in reverse order", "dx = dy in reverse order"};
  return record(op, flip(x.value(), dims),
                input(x, [dims](const Variable& g) { return flip(g, dims); }));
}

Variable tril(const Variable& x, int64_t diagonal) {
  static constexpr Op op{"tril", "y = x [column - row <= d]", "dx = dy [column - row <= d]"};
  return record({op, {"d", double(diagonal)}}, tril(x.value(), diagonal),
                input(x, [diagonal](const Variable& g) { return tril(g, diagonal); }));
}

Variable triu(const Variable& x, int64_t diagonal) {
  static constexpr Op op{"triu", "y = x [column - row >= d]", "dx = dy [column - row >= d]"};
  return record({op, {"d", double(diagonal)}}, triu(x.value(), diagonal),
                input(x, [diagonal](const Variable& g) { return triu(g, diagonal); }));
}

}  // namespace heed
