#include "heed/models/attention_forecaster.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/random.h"

namespace heed::models {
namespace {

AttentionForecasterConfig checked(AttentionForecasterConfig config) {
  check_fields(list_fields(config), "AttentionForecaster");
  return config;
}

}  // namespace

AttentionForecaster::AttentionForecaster(AttentionForecasterConfig given)
    : settings(checked(given)),
      input({1, settings.width}),
      places(randn({settings.series.past, settings.width})),
      queries(randn({settings.series.horizon, settings.width})),
      encoder({.d_model = settings.width,
               .nhead = settings.heads,
               .dim_feedforward = 4 * settings.width,
               .dropout = settings.dropout,
               .norm_first = true}),
      attention({.embed_dim = settings.width, .num_heads = settings.heads}),
      output({settings.width, 1}) {}

void AttentionForecaster::members(nn::MemberVisitor& visit) {
  visit("input", input);
  visit("places", places);
  visit("queries", queries);
  visit("encoder", encoder);
  visit("attention", attention);
  visit("output", output);
}

Variable AttentionForecaster::differences(const Variable& past, nn::AttentionMaps* maps) const {
  const Variable tokens = encoder(input(unsqueeze(past, -1)) + places);  // (B, past, C)
  const Variable query = expand(queries, {past.size(0), settings.series.horizon, settings.width});
  const auto [seen, weights] = attention(
      query, tokens, tokens, {.need_weights = maps != nullptr, .average_attn_weights = false});
  if (maps) maps->layers.push_back(weights.value());  // (B, heads, horizon, past)
  return squeeze(output(seen), -1);                   // (B, horizon)
}

}  // namespace heed::models
