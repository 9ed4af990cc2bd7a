#include "heed/core/windows.h"

#include <vector>

#include "heed/core/creation.h"

namespace heed::detail {
namespace {

constexpr int64_t most = int64_t{1} << 31;  // sums of a few products of these do not overflow

int64_t pick(const char* op, const char* name, const Dims& numbers, int i, int count, int64_t low) {
  require(numbers.size() == 1 || numbers.size() == count, op, ": expected one ", name, " or ",
          count, ", got ", numbers);
  const int64_t number = numbers[numbers.size() == 1 ? 0 : i];
  require(number >= low && number < most, op, ": ", name, " must be at least ", low, ", got ",
          numbers);
  return number;
}

}  // namespace

Plane make_plane(const char* op, const Shape& x, const Dims& kernel, const WindowSteps& steps) {
  const int count = kernel.size();
  require((count == 1 || count == 2) && x.size() >= count, op, ": a kernel ", kernel,
          " does not fit x ", x);
  Plane plane;
  for (int i = 0; i < count; ++i) {
    Windows& w = i + 1 == count ? plane.columns : plane.rows;
    w.in = x[x.size() - count + i];
    w.kernel = pick(op, "kernel size", kernel, i, count, 1);
    w.stride = pick(op, "stride", steps.stride, i, count, 1);
    w.padding = pick(op, "padding", steps.padding, i, count, 0);
    w.dilation = pick(op, "dilation", steps.dilation, i, count, 1);
    const int64_t span = w.dilation * (w.kernel - 1) + 1, room = w.in + 2 * w.padding;
    require(span <= room, op, ": the kernel spans ", span, " elements of ", room,
            " (with padding) in x ", x);
    w.out = (room - span) / w.stride + 1;
  }
  return plane;
}

Tensor window_indices(const Plane& plane) {
  const Windows &rows = plane.rows, &columns = plane.columns;
  const int64_t width = columns.in + 2 * columns.padding;
  std::vector<int64_t> places;
  for (int64_t i = 0; i < rows.kernel; ++i)
    for (int64_t j = 0; j < columns.kernel; ++j)
      for (int64_t y = 0; y < rows.out; ++y)
        for (int64_t x = 0; x < columns.out; ++x)
          places.push_back((rows.place(y, i) + rows.padding) * width + columns.place(x, j) +
                           columns.padding);
  return from_values(places, {int64_t(places.size())});
}

Dims window_pads(const Plane& plane, int spatial) {
  const int64_t x = plane.columns.padding, y = plane.rows.padding;
  return spatial == 1 ? Dims{x, x} : Dims{x, x, y, y};
}

}  // namespace heed::detail
