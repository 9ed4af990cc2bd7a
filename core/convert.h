#pragma once

#include "heed/core/tensor.h"

namespace heed {

/// x in another dtype; x itself when it has that dtype already. Floats lose their fraction on the
/// way to integers (toward zero); NaN and what does not fit i64 become the smallest i64, as the CPU
/// does it, and u8 keeps the low 8 bits.
Tensor to(const Tensor& x, DType dtype);

/// x with its elements in row-major order without gaps; x itself when they lie so already.
Tensor contiguous(const Tensor& x);

/// A copy with numbers of its own, contiguous.
Tensor clone(const Tensor& x);

namespace detail {

/// Before an in-place write that goes element by element: does the source share memory with `to` in
/// another layout, so that it would change while it is read? Then a copy is read. Throws Error
/// where elements of `to` share memory with each other, as those of an expanded tensor do.
bool needs_copy(const Tensor& to, const Tensor& source, const char* op);

/// A number as one element. Throws Error when an integer type cannot hold it: "full: 300 does not
/// fit dtype u8". The fraction of a float is cut off for integers.
template <class T>
T element_of(Scalar value, const char* op);

}  // namespace detail
}  // namespace heed
