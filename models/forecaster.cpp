#include "heed/models/forecaster.h"

#include "heed/autograd/elementwise.h"
#include "heed/core/elementwise.h"
#include "heed/core/shape.h"

namespace heed::models {

Variable Forecaster::forward(const Tensor& past, nn::AttentionMaps* maps) const {
  const auto [steps, horizon, deviation] = series();
  require(past.dim() == 2 && past.size(1) == steps && is_floating(past.dtype()),
          "Forecaster: expected the past (B, ", steps, ") of f32, got ", past.shape(), " of ",
          past.dtype());
  const Tensor last = narrow(past, 1, -1, 1);  // (B, 1)
  return last + deviation * differences(div(sub(past, last), deviation), maps);
}

}  // namespace heed::models
