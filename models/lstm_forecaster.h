#pragma once

#include "heed/models/fields.h"
#include "heed/models/forecaster.h"
#include "heed/nn/linear.h"
#include "heed/nn/recurrent.h"

/// Forecasting by an LSTM: its last state, after the whole past, says all values to come at once.
/// Hochreiter & Schmidhuber 1997, "Long short-term memory".
namespace heed::models {

struct LstmForecasterConfig {
  ForecastConfig series = {};
  int64_t hidden = 64;
  int64_t layers = 1;

  template <class V>
  void fields(V& visit) {
    series.fields(visit);
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of a layer");
    visit("layers", layers, {.min = 1, .max = 64}, "LSTMs above each other");
  }
};

struct LstmForecaster : Forecaster {
  /// Throws Error that names every field out of its range.
  explicit LstmForecaster(LstmForecasterConfig config);

  ForecastConfig series() const override { return settings.series; }
  std::string type() const override { return "lstm_forecaster"; }
  Json config() const override { return fields_to_json(settings); }
  void members(nn::MemberVisitor& visit) override;

  LstmForecasterConfig settings;
  nn::LSTM lstm;
  nn::Linear output;

 protected:
  Variable differences(const Variable& past, nn::AttentionMaps* maps) const override;
};

}  // namespace heed::models
