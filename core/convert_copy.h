#pragma once
// internal

#include "heed/core/tensor.h"

namespace heed::detail {

/// One tensor's memory as copy_strided sees it. Strides are in elements, one per dimension of the
/// shape, and may be 0 (a value read again and again) or negative (a dimension walked backwards).
struct CopyTarget {
  std::byte* data;
  Strides strides;
};
struct CopySource {
  const std::byte* data;
  Strides strides;
};

/// Copies the elements of a shape from any strides to any strides, in parallel: rows by memcpy
/// where both sides lie dense, transpositions tile by tile. The two must not overlap.
void copy_strided(const Shape& shape, int64_t element_bytes, CopyTarget to, CopySource from);

/// The same between two tensors of one shape and dtype.
void copy_elements(const Tensor& to, const Tensor& from);

}  // namespace heed::detail
