// Ops that put elements elsewhere: copies.
#include <algorithm>

#include "heed/core/convert_copy.h"
#include "heed/core/creation.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

/// x with its columns limited to [begin(row), end(row)) in each row of the last two dimensions.
template <class T, class Limits>
void copy_columns(T* out, const T* in, int64_t matrices, int64_t rows, int64_t columns,
                  const Limits& limits) {
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, columns));
  parallel_for(0, matrices * rows, grain, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const auto [begin, end] = limits(row % rows);
      T* to = out + row * columns;
      std::fill(to, to + begin, T(0));
      std::copy(in + row * columns + begin, in + row * columns + end, to + begin);
      std::fill(to + end, to + columns, T(0));
    }
  });
}

template <class Limits>
Tensor triangle(const Tensor& x, const char* op, const Limits& limits) {
  require(x.dim() >= 2, op, ": expected at least 2 dimensions, got shape ", x.shape());
  const Tensor from = contiguous(x);
  Tensor out = empty_like(x);
  const int64_t rows = x.size(-2), columns = x.size(-1);
  if (x.numel() == 0) return out;
  dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    copy_columns(out.mutable_data<T>(), from.data<T>(), x.numel() / (rows * columns), rows, columns,
                 limits);
  });
  return out;
}

/// row + diagonal as a column number in [0, columns], without overflow.
int64_t column_at(int64_t row, int64_t diagonal, int64_t columns) {
  return std::clamp<int64_t>(row + std::clamp<int64_t>(diagonal, -row, columns), 0, columns);
}

void require_joinable(std::span<const Tensor> tensors, const char* op) {
  require(!tensors.empty(), op, ": expected at least one tensor");
  for (const Tensor& tensor : tensors)
    require(tensor.dtype() == tensors[0].dtype(), op, ": dtypes differ: ", tensors[0].dtype(),
            " and ", tensor.dtype());
}

}  // namespace

Tensor repeat(const Tensor& x, const Dims& repeats) {
  const int added = repeats.size() - x.dim();
  require(added >= 0, "repeat: expected at least ", x.dim(), " repeats for shape ", x.shape(),
          ", got ", repeats);
  for (int64_t times : repeats)
    require(times >= 0, "repeat: repeats must not be negative, got ", repeats);
  Tensor out = x;
  for (int i = 0; i < added; ++i) out = unsqueeze(out, 0);
  Shape whole = out.shape();
  for (int i = 0; i < whole.size(); ++i) whole[i] = checked_multiply(whole[i], repeats[i]);
  if (numel(whole) == 0) return Tensor::allocate(whole, x.dtype());
  for (int i = repeats.size() - 1; i >= 0; --i) {
    if (repeats[i] == 1) continue;
    Shape shape = out.shape();
    const int64_t outer = numel(Shape(std::span(shape.begin(), size_t(i))));
    shape[i] = whole[i];
    Tensor bigger = Tensor::allocate(shape, x.dtype());
    const Tensor rows = reshape(out, {outer, 1, -1});  // (outer, repeats, block)
    detail::copy_elements(reshape(bigger, {outer, repeats[i], -1}),
                          expand(rows, {outer, repeats[i], -1}));
    out = bigger;
  }
  return out.shares_storage(x) ? clone(out) : out;
}

Tensor cat(std::span<const Tensor> tensors, int64_t dim) {
  require_joinable(tensors, "cat");
  Shape shape = tensors[0].shape();
  const int d = normalize_dim(dim, shape, "cat");
  int64_t total = 0;
  for (const Tensor& tensor : tensors) {
    Shape expected = shape;
    if (tensor.dim() == shape.size()) expected[d] = tensor.shape()[d];
    require(tensor.shape() == expected, "cat: shapes ", shape, " and ", tensor.shape(),
            " differ in more than dimension ", dim);
    total += tensor.shape()[d];
  }
  shape[d] = total;
  Tensor out = Tensor::allocate(shape, tensors[0].dtype());
  int64_t start = 0;
  for (const Tensor& tensor : tensors) {
    detail::copy_elements(narrow(out, d, start, tensor.shape()[d]), tensor);
    start += tensor.shape()[d];
  }
  return out;
}

Tensor stack(std::span<const Tensor> tensors, int64_t dim) {
  require_joinable(tensors, "stack");
  const Shape& shape = tensors[0].shape();
  const int dims = shape.size();
  require(dim >= -dims - 1 && dim <= dims, "stack: dimension ", dim, " is out of range for shape ",
          shape, " (", -dims - 1, " to ", dims, ")");
  std::vector<Tensor> slices;
  for (const Tensor& tensor : tensors) {
    require(tensor.shape() == shape, "stack: shapes differ: ", shape, " and ", tensor.shape());
    slices.push_back(unsqueeze(tensor, dim));
  }
  return cat(slices, dim);
}

Tensor flip(const Tensor& x, const Dims& dims) {
  if (x.dim() == 0) return reshape(flip(reshape(x, {1}), dims), {});
  Strides strides = x.strides();
  int64_t last = 0;  // the element that comes first now
  std::array<bool, max_dims> seen{};
  for (int64_t dim : dims) {
    const int d = normalize_dim(dim, x.shape(), "flip");
    require(!seen[size_t(d)], "flip: dimension ", dim, " comes twice in ", dims);
    seen[size_t(d)] = true;
    last += (x.shape()[d] - 1) * strides[d];
    strides[d] = -strides[d];
  }
  Tensor out = empty_like(x);
  if (x.numel() == 0) return out;
  const auto* from = static_cast<const std::byte*>(x.raw_data()) + last * size_of(x.dtype());
  detail::copy_strided(x.shape(), size_of(x.dtype()),
                       {static_cast<std::byte*>(out.raw_mutable_data()), out.strides()},
                       {from, strides});
  return out;
}

Tensor pad(const Tensor& x, std::span<const int64_t> pads, Scalar value) {
  const int count = int(pads.size() / 2);
  require(pads.size() % 2 == 0 && count <= x.dim(), "pad: expected at most ", x.dim(),
          " pairs for shape ", x.shape(), ", got ", pads.size(), " numbers");
  Shape shape = x.shape();
  Tensor kept = x;
  for (int i = 0; i < count; ++i) {
    const int d = x.dim() - 1 - i;
    const int64_t before = pads[size_t(2 * i)], after = pads[size_t(2 * i + 1)];
    constexpr int64_t limit = int64_t(1) << 40;
    require(std::max(before, after) <= limit && std::min(before, after) >= -limit, "pad: ", before,
            " and ", after, " are too large");
    const int64_t cut_before = std::max<int64_t>(0, -before);
    const int64_t cut_after = std::max<int64_t>(0, -after);
    require(cut_before <= shape[d] && cut_after <= shape[d] - cut_before, "pad: ", before, " and ",
            after, " cut off more than dimension ", d, " of shape ", x.shape(), " has");
    kept = narrow(kept, d, cut_before, shape[d] - cut_before - cut_after);
    shape[d] += before + after;
  }
  Tensor out = full(shape, value, {.dtype = x.dtype()});
  Tensor place = out;
  for (int i = 0; i < count; ++i) {
    const int d = x.dim() - 1 - i;
    place = narrow(place, d, std::max<int64_t>(0, pads[size_t(2 * i)]), kept.shape()[d]);
  }
  detail::copy_elements(place, kept);
  return out;
}

Tensor tril(const Tensor& x, int64_t diagonal) {
  return triangle(x, "tril", [&, columns = x.dim() < 2 ? 0 : x.size(-1)](int64_t row) {
    return std::pair(int64_t(0), column_at(row + 1, diagonal, columns));
  });
}

Tensor triu(const Tensor& x, int64_t diagonal) {
  return triangle(x, "triu", [&, columns = x.dim() < 2 ? 0 : x.size(-1)](int64_t row) {
    return std::pair(column_at(row, diagonal, columns), columns);
  });
}

}  // namespace heed
