#include "heed/models/lstm_forecaster.h"

#include "heed/autograd/shape.h"

namespace heed::models {
namespace {

LstmForecasterConfig checked(LstmForecasterConfig config) {
  check_fields(list_fields(config), "LstmForecaster");
  return config;
}

}  // namespace

LstmForecaster::LstmForecaster(LstmForecasterConfig given)
    : settings(checked(given)),
      lstm({.input_size = 1, .hidden_size = settings.hidden, .num_layers = settings.layers}),
      output({settings.hidden, settings.series.horizon}) {}

void LstmForecaster::members(nn::MemberVisitor& visit) {
  visit("lstm", lstm);
  visit("output", output);
}

Variable LstmForecaster::differences(const Variable& past, nn::AttentionMaps*) const {
  return output(select(lstm(unsqueeze(past, -1)).h_n, 0, -1));  // (B, horizon)
}

}  // namespace heed::models
