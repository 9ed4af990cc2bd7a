// Parts of a tensor along one dimension: views as well.
#include <algorithm>

#include "heed/core/shape.h"

namespace heed {
namespace {

/// The slices start, start + step, ... of a dimension, `count` of them.
Tensor part(const Tensor& x, int dim, int64_t start, int64_t count, int64_t step = 1) {
  Shape shape = x.shape();
  Strides strides = x.strides();
  const int64_t offset = count > 0 ? start * strides[dim] : 0;
  shape[dim] = count;
  strides[dim] *= step;
  return x.view_as(shape, strides, offset);
}

}  // namespace

Tensor narrow(const Tensor& x, int64_t dim, int64_t start, int64_t length) {
  const int d = normalize_dim(dim, x.shape(), "narrow");
  const int64_t size = x.shape()[d], first = start < 0 ? start + size : start;
  require(first >= 0 && first <= size && length >= 0 && length <= size - first, "narrow: start ",
          start, " and length ", length, " do not lie within size ", size, " of dimension ", dim,
          " of shape ", x.shape());
  return part(x, d, first, length);
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  const int d = normalize_dim(dim, x.shape(), "select");
  const int64_t size = x.shape()[d], i = index < 0 ? index + size : index;
  require(i >= 0 && i < size, "select: index ", index, " is out of range for dimension ", dim,
          " of shape ", x.shape());
  Shape shape = x.shape();
  Strides strides = x.strides();
  const int64_t offset = i * strides[d];
  shape.erase(d);
  strides.erase(d);
  return x.view_as(shape, strides, offset);
}

Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t end, int64_t step) {
  const int d = normalize_dim(dim, x.shape(), "slice");
  require(step >= 1, "slice: the step must be at least 1, got ", step);
  const int64_t size = x.shape()[d];
  const auto clamped = [size](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + size : i, 0, size);
  };
  const int64_t first = clamped(start), distance = std::max<int64_t>(0, clamped(end) - first);
  const int64_t count = distance / step + (distance % step != 0);
  return part(x, d, first, count, count > 1 ? step : 1);  // a huge step would overflow the stride
}

std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim) {
  const int d = normalize_dim(dim, x.shape(), "split");
  const int64_t total = x.shape()[d];
  require(size >= 1 || (size == 0 && total == 0),
          "split: pieces must have at least one slice, got ", size, " for shape ", x.shape());
  std::vector<Tensor> pieces;
  for (int64_t start = 0; start == 0 || start < total; start += size) {
    pieces.push_back(part(x, d, start, std::min(size, total - start)));
    if (size >= total - start) break;
  }
  return pieces;
}

std::vector<Tensor> split(const Tensor& x, std::span<const int64_t> sizes, int64_t dim) {
  const int d = normalize_dim(dim, x.shape(), "split");
  const int64_t total = x.shape()[d];
  std::vector<Tensor> pieces;
  int64_t start = 0;
  for (int64_t size : sizes) {
    require(size >= 0 && size <= total - start, "split: a piece of ", size, " slices after ", start,
            " does not lie within dimension ", dim, " of shape ", x.shape());
    pieces.push_back(part(x, d, start, size));
    start += size;
  }
  require(start == total, "split: the sizes add up to ", start, ", dimension ", dim, " of shape ",
          x.shape(), " has ", total);
  return pieces;
}

std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim) {
  const int d = normalize_dim(dim, x.shape(), "chunk");
  require(chunks >= 1, "chunk: expected at least one chunk, got ", chunks);
  const int64_t total = x.shape()[d];
  if (total == 0) return std::vector<Tensor>(size_t(chunks), x);
  return split(x, total / chunks + (total % chunks != 0), d);
}

std::vector<Tensor> unbind(const Tensor& x, int64_t dim) {
  const int d = normalize_dim(dim, x.shape(), "unbind");
  std::vector<Tensor> slices;
  for (int64_t i = 0; i < x.shape()[d]; ++i) slices.push_back(select(x, d, i));
  return slices;
}

}  // namespace heed
