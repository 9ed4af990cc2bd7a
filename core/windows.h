#pragma once
// internal

#include <algorithm>
#include <cstdint>

#include "heed/core/tensor.h"

/// Where the windows of convolutions and pooling lie.
namespace heed::detail {

/// The windows along one dimension: tap k of window o reads element o stride - padding + k
/// dilation, which lies in the padding unless it is in [0, in).
struct Windows {
  int64_t in = 1, kernel = 1, stride = 1, padding = 0, dilation = 1;
  int64_t out = 1;

  int64_t place(int64_t o, int64_t k) const { return o * stride - padding + k * dilation; }
  /// The windows [first, last) whose tap k is not in the padding.
  int64_t first(int64_t k) const {
    const int64_t short_of = padding - k * dilation;
    return short_of <= 0 ? 0 : std::min(out, (short_of + stride - 1) / stride);
  }
  int64_t last(int64_t k) const {
    const int64_t room = in - 1 + padding - k * dilation;
    return room < 0 ? 0 : std::min(out, room / stride + 1);
  }
};

/// Those of a plane; a sequence is a plane of one row.
struct Plane {
  Windows rows, columns;

  int64_t in() const { return rows.in * columns.in; }
  int64_t out() const { return rows.out * columns.out; }
  int64_t taps() const { return rows.kernel * columns.kernel; }
};

/// The numbers that say how windows lie: one for all dimensions, or one for each.
struct WindowSteps {
  Dims stride, padding, dilation;
};

/// The windows of a kernel on the last dimensions (one or two) of x. Throws Error for a kernel,
/// stride or dilation below 1, a padding below 0 and a kernel larger than what it slides over.
Plane make_plane(const char* op, const Shape& x, const Dims& kernel, const WindowSteps& steps);

/// Of each tap and window, the element of the padded plane that it reads, in row-major order:
/// (taps * out,). With it index_select does what kernels do without: it makes all windows.
Tensor window_indices(const Plane& plane);

/// What pad adds for this plane: {left, right, top, bottom}, for a sequence {left, right}.
Dims window_pads(const Plane& plane, int spatial);

}  // namespace heed::detail
