#include "heed/core/dims.h"

#include <algorithm>
#include <ostream>

namespace heed {

std::string text(const Dims& dims) {
  std::string out = "(";
  for (int i = 0; i < dims.size(); ++i) {
    if (i > 0) out += ", ";
    out += std::to_string(dims[i]);
  }
  return out + (dims.size() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& out, const Dims& dims) { return out << text(dims); }

int64_t checked_multiply(int64_t a, int64_t b) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) fail("size overflow: ", a, " x ", b);
  return product;
}

int64_t numel(const Shape& shape) {
  constexpr int64_t limit = int64_t(1) << 40;
  int64_t product = 1;
  bool zero = false, overflow = false;
  for (int64_t size : shape) {
    if (size < 0) fail("shape: negative size in ", shape);
    zero |= size == 0;
    overflow |= !zero && (__builtin_mul_overflow(product, size, &product) || product > limit);
  }
  if (zero) return 0;
  if (overflow) fail("shape: ", shape, " has more than 2^40 elements");
  return product;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;  // as many
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op) {
  if (a == b) return a;
  const int dims = std::max(a.size(), b.size());
  Shape out = Shape::filled(dims, 1);
  for (int i = 0; i < dims; ++i) {
    const int ia = i - (dims - a.size()), ib = i - (dims - b.size());
    const int64_t sa = ia < 0 ? 1 : a[ia], sb = ib < 0 ? 1 : b[ib];
    if (sa != sb && sa != 1 && sb != 1)
      fail(op, ": shapes ", a, " and ", b, " do not broadcast: size ", sa, " against ", sb,
           " at dimension ", i - dims, " (sizes must be equal, or one of them 1)");
    out[i] = sa == 1 ? sb : sa;
  }
  return out;
}

int normalize_dim(int64_t dim, const Shape& shape, const char* op) {
  const int64_t dims = shape.size();
  if (dim < -dims || dim >= dims)
    fail(op, ": dimension ", dim, " is out of range for shape ", shape);
  return int(dim < 0 ? dim + dims : dim);
}

}  // namespace heed
