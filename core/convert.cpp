#include "heed/core/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "heed/core/convert_copy.h"
#include "heed/core/map.h"
#include "heed/core/math.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

/// One element in another type, defined for every value (C++ leaves NaN to integer open).
template <class Out, class In>
Out convert(In x) {
  if constexpr (std::is_floating_point_v<In> && !std::is_floating_point_v<Out>) {
    constexpr In limit = In(0x1p63);
    const bool fits = x >= -limit && x < limit;
    const int64_t whole = int64_t(math::select(fits, x, In(0)));
    return Out(math::select(fits, whole, std::numeric_limits<int64_t>::min()));
  } else {
    return Out(x);
  }
}

// Calls fn(Out{}, In{}) with the C++ types of two different dtypes.
template <class F>
void dispatch_conversion(DType out, DType in, const F& fn) {
  dispatch_all(out, [&](auto o) {
    dispatch_all(in, [&](auto i) {
      if constexpr (!std::is_same_v<decltype(o), decltype(i)>) fn(o, i);
    });
  });
}

void convert_into(const Tensor& out, const Tensor& x) {
  dispatch_conversion(out.dtype(), x.dtype(), [&](auto o, auto i) {
    using Out = decltype(o);
    using In = decltype(i);
    detail::map_into<Out, In>(
        out, [](In value) { return convert<Out>(value); }, x);
  });
}

/// May two elements share memory? Taken from the smallest stride to the largest, each dimension
/// must step over all that the ones before it reach.
bool overlaps_itself(const Tensor& x) {
  std::array<std::pair<int64_t, int64_t>, max_dims> loops;  // stride, size
  size_t count = 0;
  for (int i = 0; i < x.dim(); ++i)
    if (x.shape()[i] > 1) loops[count++] = {std::abs(x.strides()[i]), x.shape()[i]};
  std::sort(loops.begin(), loops.begin() + count);
  int64_t reach = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto [stride, size] = loops[i];
    if (stride <= reach) return true;
    reach += stride * (size - 1);
  }
  return false;
}

/// Does each element of a lie where the same element of b lies?
bool same_view(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.raw_data() != b.raw_data()) return false;
  for (int i = 0; i < a.dim(); ++i)
    if (a.shape()[i] > 1 && a.strides()[i] != b.strides()[i]) return false;
  return true;
}

}  // namespace

bool detail::needs_copy(const Tensor& to, const Tensor& source, const char* op) {
  require(to.is_contiguous() || to.numel() == 0 || !overlaps_itself(to), op,
          ": the elements of an expanded tensor of shape ", to.shape(),
          " share memory; write to contiguous(x)");
  return to.shares_storage(source) && !same_view(to, source);
}

template <class T>
T detail::element_of(Scalar value, const char* op) {
  if constexpr (!std::is_floating_point_v<T>) {
    constexpr T lowest = std::numeric_limits<T>::min();
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const double real = value.value();
    const bool above = real > double(lowest) - 1 || real == double(lowest);
    const bool exact = std::is_same_v<T, int64_t> && value.is_integral();
    require(exact || (above && real < limit), op, ": ", real, " does not fit dtype ", dtype_of<T>);
  }
  return value.to<T>();
}
template float detail::element_of(Scalar, const char*);
template double detail::element_of(Scalar, const char*);
template int64_t detail::element_of(Scalar, const char*);
template uint8_t detail::element_of(Scalar, const char*);

Tensor to(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor out = Tensor::allocate(x.shape(), dtype);
  convert_into(out, x);
  return out;
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }

Tensor clone(const Tensor& x) {
  Tensor out = Tensor::allocate(x.shape(), x.dtype());
  detail::copy_elements(out, x);
  return out;
}

void Tensor::fill_(Scalar value) const {
  detail::needs_copy(*this, *this, "fill_");
  dispatch_all(dtype(), [&](auto t) {
    using T = decltype(t);
    const T element = detail::element_of<T>(value, "fill_");
    if (!is_contiguous())
      return detail::map_into<T, T>(
          *this, [element](T) { return element; }, *this);
    T* out = mutable_data<T>();
    parallel_for(0, numel(), 65536,
                 [&](int64_t b, int64_t e) { std::fill(out + b, out + e, element); });
  });
}

void Tensor::copy_(const Tensor& source) const {
  require(broadcast_shapes(shape(), source.shape(), "copy_") == shape(),
          "copy_: a tensor of shape ", source.shape(), " does not broadcast to ", shape());
  const Tensor from = detail::needs_copy(*this, source, "copy_") ? clone(source) : source;
  if (shares_storage(from)) return;  // onto itself
  if (from.dtype() == dtype())
    detail::copy_elements(*this, expand(from, shape()));
  else
    convert_into(*this, from);
}

}  // namespace heed
