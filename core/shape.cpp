// The views: other shapes and strides over the same numbers.
#include "heed/core/shape.h"

#include <algorithm>
#include <optional>

namespace heed {
namespace {

/// The shape with its -1 worked out; throws unless it has as many elements as x.
Shape complete_shape(const Tensor& x, const Shape& shape, const char* op) {
  Shape out = shape;
  int unknown = -1;
  for (int i = 0; i < shape.size(); ++i) {
    require(shape[i] >= -1, op, ": sizes must be at least 0, or one of them -1, got ", shape);
    if (shape[i] != -1) continue;
    require(unknown < 0, op, ": only one size may be -1, got ", shape);
    unknown = i;
    out[i] = 1;
  }
  const int64_t known = numel(out);
  if (unknown >= 0 && known > 0) out[unknown] = x.numel() / known;
  const bool fits = numel(out) == x.numel() && (unknown < 0 || known > 0);
  require(fits, op, ": a tensor of shape ", x.shape(), " (", x.numel(),
          " elements) does not fit shape ", shape);
  return out;
}

/// Strides that show x's elements under another shape, if there are any: neighbouring dimensions of
/// x that lie dense behind each other form a block, and each block is cut anew.
std::optional<Strides> view_strides(const Tensor& x, const Shape& shape) {
  if (x.is_contiguous()) return contiguous_strides(shape);
  Strides out = Strides::filled(shape.size(), 1);
  int to = shape.size() - 1;
  int64_t block = 1, filled = 1, stride = x.strides().back();
  for (int from = x.dim() - 1; from >= 0; --from) {
    block *= x.shape()[from];
    const bool ends =
        from == 0 || (x.shape()[from - 1] != 1 && x.strides()[from - 1] != block * stride);
    if (!ends) continue;
    while (to >= 0 && (filled < block || shape[to] == 1)) {
      out[to] = filled * stride;
      filled *= shape[to--];
    }
    if (filled != block) return std::nullopt;
    if (from > 0) stride = x.strides()[from - 1], block = filled = 1;
  }
  return to < 0 ? std::optional(out) : std::nullopt;
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  const Shape full = complete_shape(x, shape, "reshape");
  if (const auto strides = view_strides(x, full)) return x.view_as(full, *strides, 0);
  return clone(x).view_as(full, contiguous_strides(full), 0);
}

Tensor view(const Tensor& x, const Shape& shape) {
  const Shape full = complete_shape(x, shape, "view");
  const auto strides = view_strides(x, full);
  require(bool(strides), "view: shape ", shape, " is no view of a tensor of shape ", x.shape(),
          " and strides ", x.strides(), "; reshape copies where it must");
  return x.view_as(full, *strides, 0);
}

Tensor flatten(const Tensor& x, int64_t first, int64_t last) {
  if (x.dim() == 0) return reshape(x, {1});
  const int a = normalize_dim(first, x.shape(), "flatten");
  const int b = normalize_dim(last, x.shape(), "flatten");
  require(a <= b, "flatten: the first dimension ", first, " lies behind the last, ", last,
          ", for shape ", x.shape());
  Shape out;
  int64_t block = 1;
  for (int i = 0; i < x.dim(); ++i) {
    if (i >= a && i <= b) block *= x.shape()[i];
    if (i < a || i > b) out.push_back(x.shape()[i]);
    if (i == b) out.push_back(block);
  }
  return reshape(x, out);
}

Tensor permute(const Tensor& x, const Dims& dims) {
  require(dims.size() == x.dim(), "permute: expected ", x.dim(), " dimensions for shape ",
          x.shape(), ", got ", dims);
  Shape shape;
  Strides strides;
  std::array<bool, max_dims> seen{};
  for (int64_t dim : dims) {
    const int d = normalize_dim(dim, x.shape(), "permute");
    require(!seen[size_t(d)], "permute: dimension ", dim, " comes twice in ", dims);
    seen[size_t(d)] = true;
    shape.push_back(x.shape()[d]);
    strides.push_back(x.strides()[d]);
  }
  return x.view_as(shape, strides, 0);
}

Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1) {
  const int a = normalize_dim(dim0, x.shape(), "transpose");
  const int b = normalize_dim(dim1, x.shape(), "transpose");
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::swap(shape[a], shape[b]);
  std::swap(strides[a], strides[b]);
  return x.view_as(shape, strides, 0);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  const int added = shape.size() - x.dim();
  require(added >= 0, "expand: shape ", shape, " has fewer dimensions than ", x.shape());
  Shape out = shape;
  Strides strides = Strides::filled(shape.size(), 0);
  for (int i = 0; i < shape.size(); ++i) {
    const int64_t old = i < added ? 1 : x.shape()[i - added];
    require(shape[i] >= 0 || (shape[i] == -1 && i >= added), "expand: shape ", shape, " has size ",
            shape[i], " at dimension ", i, " (-1 keeps a size of ", x.shape(), ")");
    if (shape[i] == -1) out[i] = old;
    require(out[i] == old || old == 1, "expand: shape ", x.shape(), " does not expand to ", shape,
            ": size ", old, " against ", out[i], " at dimension ", i);
    if (i >= added && (old != 1 || out[i] == 1)) strides[i] = x.strides()[i - added];
  }
  return x.view_as(out, strides, 0);
}

Tensor squeeze(const Tensor& x) {
  Shape shape;
  Strides strides;
  for (int i = 0; i < x.dim(); ++i) {
    if (x.shape()[i] == 1) continue;
    shape.push_back(x.shape()[i]);
    strides.push_back(x.strides()[i]);
  }
  return x.view_as(shape, strides, 0);
}

Tensor squeeze(const Tensor& x, int64_t dim) {
  const int d = normalize_dim(dim, x.shape(), "squeeze");
  if (x.shape()[d] != 1) return x;
  return select(x, d, 0);
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  const int dims = x.dim();
  require(dim >= -dims - 1 && dim <= dims, "unsqueeze: dimension ", dim,
          " is out of range for shape ", x.shape(), " (", -dims - 1, " to ", dims, ")");
  const int d = int(dim < 0 ? dim + dims + 1 : dim);
  Shape shape = x.shape();
  Strides strides = x.strides();
  strides.insert(d, d < dims ? shape[d] * strides[d] : 1);
  shape.insert(d, 1);
  return x.view_as(shape, strides, 0);
}

}  // namespace heed
