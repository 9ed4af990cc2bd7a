#include "heed/core/index.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/map.h"
#include "heed/core/math.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

constexpr int64_t grain = 16384;  // elements of one task

int64_t units(int64_t elements_of_unit) {
  return std::max<int64_t>(1, grain / std::max<int64_t>(1, elements_of_unit));
}

/// out (outer, n, inner) = x (outer, size, inner) at index (n).
template <class T>
void take_slices(T* out, const T* x, int64_t outer, int64_t size, int64_t inner,
                 const int64_t* index, int64_t n) {
  parallel_for(0, outer * n, units(inner), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* from = x + (row / n * size + index[row % n]) * inner;
      if (inner == 1)
        out[row] = *from;
      else
        std::memcpy(out + row * inner, from, size_t(inner) * sizeof(T));
    }
  });
}

/// gather and scatter_add go line by line: a line lies along dim, and every other coordinate is
/// fixed. Lines do not meet, so each can be a task of its own.
struct Lines {
  Shape shape;  // of index
  int dim;
  int64_t inner;   // elements of index from one step along dim to the next
  Strides x, src;  // strides of the other two tensors

  struct Start {
    int64_t index, x, src;
  };

  int64_t length() const { return shape[dim]; }
  int64_t count() const { return length() == 0 ? 0 : numel(shape) / length(); }

  Start start(int64_t line) const {
    const int64_t outer = line / inner, s = line % inner;
    Start at{outer * length() * inner + s, 0, 0};
    int64_t rest = line;
    for (int i = shape.size() - 1; i >= 0; --i) {
      if (i == dim) continue;
      at.x += rest % shape[i] * x[i];
      at.src += rest % shape[i] * src[i];
      rest /= shape[i];
    }
    return at;
  }

  /// Calls fn(position in index, offset in x of the line, position in src), along dim in order.
  template <class F>
  void for_each(const F& fn) const {
    // Lines beside each other share cache lines, so a task takes at least 64 of those.
    const int64_t lines = std::max<int64_t>(units(length()), inner == 1 ? 1 : 64);
    parallel_for(0, count(), lines, [&](int64_t begin, int64_t end) {
      std::vector<Start> starts;
      starts.reserve(size_t(end - begin));
      for (int64_t line = begin; line < end; ++line) starts.push_back(start(line));
      if (inner == 1) {
        for (const Start& at : starts)
          for (int64_t k = 0; k < length(); ++k) fn(at.index + k, at.x, at.src + k * src[dim]);
      } else {
        for (int64_t k = 0; k < length(); ++k)
          for (const Start& at : starts) fn(at.index + k * inner, at.x, at.src + k * src[dim]);
      }
    });
  }
};

/// Throws unless index fits x (and src fits index) everywhere but along dim.
void check_lines(const Tensor& x, int dim, const Tensor& index, const char* op) {
  bool fits = index.dim() == x.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = i == dim || index.shape()[i] <= x.shape()[i];
  require(fits, op, ": index of shape ", index.shape(), " does not fit x of shape ", x.shape(),
          " outside dimension ", dim);
  detail::check_indices(index, x.shape()[dim], op);
}

Lines make_lines(const Tensor& x, int dim, const Tensor& index, const Tensor& src) {
  const Strides strides = contiguous_strides(index.shape());
  return {index.shape(), dim, strides[dim], x.strides(), src.strides()};
}

}  // namespace

void detail::check_indices(const Tensor& indices, int64_t size, const char* op) {
  require(indices.dtype() == i64, op, ": expected indices of dtype i64, got ", indices.dtype());
  const Tensor rows = contiguous(indices);
  const int64_t* index = rows.data<int64_t>();
  const int64_t n = rows.numel();
  uint64_t outside = 0;
  for (int64_t i = 0; i < n; ++i) outside |= uint64_t(uint64_t(index[i]) >= uint64_t(size));
  if (outside == 0) return;
  const auto* bad = std::find_if(index, index + n, [&](int64_t i) { return i < 0 || i >= size; });
  fail(op, ": index ", *bad, " is out of range for size ", size, " (0 to ", size - 1,
       "), at position ", bad - index);
}

Tensor index_select(const Tensor& x, int64_t dim, const Tensor& indices) {
  const int d = normalize_dim(dim, x.shape(), "index_select");
  require(indices.dim() == 1, "index_select: expected indices of one dimension, got shape ",
          indices.shape());
  detail::check_indices(indices, x.shape()[d], "index_select");
  const Tensor rows = contiguous(x), index = contiguous(indices);
  Shape shape = x.shape();
  shape[d] = index.numel();
  Tensor out = Tensor::allocate(shape, x.dtype());
  if (out.numel() == 0) return out;
  // Not the stride of d: of a size of 1 it may be any number.
  const int64_t inner = contiguous_strides(x.shape())[d], size = x.shape()[d];
  dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    take_slices(out.mutable_data<T>(), rows.data<T>(), x.numel() / (inner * size), size, inner,
                index.data<int64_t>(), index.numel());
  });
  return out;
}

Tensor gather(const Tensor& x, int64_t dim, const Tensor& index) {
  if (x.dim() == 0 && index.dim() == 0)
    return reshape(gather(reshape(x, {1}), dim, reshape(index, {1})), {});
  const int d = normalize_dim(dim, x.shape(), "gather");
  check_lines(x, d, index, "gather");
  const Tensor from = contiguous(x), places = contiguous(index);
  Tensor out = Tensor::allocate(index.shape(), x.dtype());
  const int64_t* at = places.data<int64_t>();
  const int64_t step = from.strides()[d];
  dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    T* to = out.mutable_data<T>();
    const T* values = from.data<T>();
    make_lines(from, d, index, out).for_each([=](int64_t i, int64_t line, int64_t) {
      to[i] = values[line + at[i] * step];
    });
  });
  return out;
}

Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src) {
  require(src.dtype() == x.dtype(), "scatter_add: dtypes differ: x ", x.dtype(), ", src ",
          src.dtype());
  if (x.dim() == 0 && index.dim() == 0 && src.dim() == 0)
    return reshape(scatter_add(reshape(x, {1}), dim, reshape(index, {1}), reshape(src, {1})), {});
  const int d = normalize_dim(dim, x.shape(), "scatter_add");
  check_lines(x, d, index, "scatter_add");
  bool fits = src.dim() == index.dim();
  for (int i = 0; fits && i < index.dim(); ++i) fits = index.shape()[i] <= src.shape()[i];
  require(fits, "scatter_add: src of shape ", src.shape(), " is smaller than index of shape ",
          index.shape());
  const Tensor places = contiguous(index), from = contiguous(src);
  Tensor out = clone(x);
  const int64_t* at = places.data<int64_t>();
  const int64_t step = out.strides()[d];
  dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    T* to = out.mutable_data<T>();
    const T* values = from.data<T>();
    make_lines(out, d, index, from).for_each([=](int64_t i, int64_t line, int64_t j) {
      T& sum = to[line + at[i] * step];
      sum = T(sum + values[j]);
    });
  });
  return out;
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  require(mask.dtype() == u8, "masked_fill: expected a mask of dtype u8, got ", mask.dtype());
  require(is_floating(x.dtype()) || std::floor(value.value()) == value.value(),
          "masked_fill: ", value.value(), " is not a whole number and the tensor's dtype is ",
          x.dtype());
  return dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    const T filling = detail::element_of<T>(value, "masked_fill");
    return detail::map<T, T, uint8_t>(
        "masked_fill",
        [filling](T kept, uint8_t masked) { return math::select(masked != 0, filling, kept); }, x,
        mask);
  });
}

Tensor embedding(const Tensor& weight, const Tensor& ids) {
  require(weight.dim() == 2, "embedding: expected a weight of two dimensions, got shape ",
          weight.shape());
  detail::check_indices(ids, weight.shape()[0], "embedding");
  Shape shape = ids.shape();
  shape.push_back(weight.shape()[1]);
  return reshape(index_select(weight, 0, reshape(ids, {ids.numel()})), shape);  // (..., D)
}

}  // namespace heed
