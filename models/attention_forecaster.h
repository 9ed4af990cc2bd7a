#pragma once

#include "heed/models/fields.h"
#include "heed/models/forecaster.h"
#include "heed/nn/linear.h"
#include "heed/nn/transformer_encoder.h"

/// Forecasting by attention over the past: the values, each with a vector for its place, are read
/// by a pre-norm encoder layer; a learned query for each value to come looks at all of them. The
/// parts are those of Vaswani et al. 2017, "Attention is all you need"; learned queries as in
/// Carion et al. 2020, "End-to-end object detection with transformers", section 3.2.
namespace heed::models {

struct AttentionForecasterConfig {
  ForecastConfig series = {};
  int64_t width = 32;
  int64_t heads = 4;
  double dropout = 0;

  template <class V>
  void fields(V& visit) {
    series.fields(visit);
    visit("width", width, {.min = 1, .max = 65536}, "units of a value, a multiple of heads");
    visit("heads", heads, {.min = 1, .max = 1024}, "attention heads");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of units dropped in training");
  }
};

struct AttentionForecaster : Forecaster {
  /// Throws Error that names every field out of its range.
  explicit AttentionForecaster(AttentionForecasterConfig config);

  ForecastConfig series() const override { return settings.series; }
  std::string type() const override { return "attention_forecaster"; }
  Json config() const override { return fields_to_json(settings); }
  void members(nn::MemberVisitor& visit) override;

  AttentionForecasterConfig settings;
  nn::Linear input;       // a value to a token
  nn::Parameter places;   // (past, C)
  nn::Parameter queries;  // (horizon, C)
  nn::TransformerEncoderLayer encoder;
  nn::MultiheadAttention attention;
  nn::Linear output;

 protected:
  Variable differences(const Variable& past, nn::AttentionMaps* maps) const override;
};

}  // namespace heed::models
