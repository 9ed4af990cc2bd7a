#pragma once

#include <cstdint>

#include "heed/autograd/variable.h"
#include "heed/models/model.h"
#include "heed/nn/attention.h"

namespace heed::models {

/// What every forecasting model is told of the series.
struct ForecastConfig {
  int64_t past = 48;
  int64_t horizon = 12;
  double deviation = 1;

  template <class V>
  void fields(V& visit) {
    visit("past", past, {.min = 1, .max = 65536}, "values that are read");
    visit("horizon", horizon, {.min = 1, .max = 65536}, "values that are predicted");
    visit("deviation", deviation, {.min = 1e-30}, "standard deviation of the series");
  }
};

/// A model that reads the last values of a series and predicts the next ones. What it reads and
/// says are differences from the last value, in standard deviations: a model that has learned
/// nothing says about that value, which is the naive forecast.
class Forecaster : public Model {
 public:
  /// past (B, past) -> (B, horizon); maps, if given, receives (B, heads, horizon, past) of models
  /// that attend. Throws Error for any other input.
  Variable forward(const Tensor& past, nn::AttentionMaps* maps = nullptr) const;
  virtual ForecastConfig series() const = 0;

 protected:
  /// differences (B, past) -> (B, horizon)
  virtual Variable differences(const Variable& past, nn::AttentionMaps* maps) const = 0;
};

}  // namespace heed::models
