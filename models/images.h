#pragma once
// internal

#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/core/tensor.h"

namespace heed::models::detail {

/// (images - mean) / deviation in a model's dtype. size is {channels, height, width}; throws Error
/// unless images are (B, channels, height, width) of a floating dtype.
inline Tensor normalized_pixels(const char* model, const Tensor& images, const Shape& size,
                                double mean, double deviation, DType dtype) {
  bool fits = images.dim() == 4 && is_floating(images.dtype());
  for (int i = 0; fits && i < 3; ++i) fits = images.shape()[i + 1] == size[i];
  require(fits, model, ": expected images (B, ", size[0], ", ", size[1], ", ", size[2],
          ") of f32, got ", images.shape(), " of ", images.dtype());
  return div(sub(to(images, dtype), mean), deviation);
}

}  // namespace heed::models::detail
