#include "heed/models/sutskever.h"

#include "heed/autograd/index.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/models/fields.h"
#include "heed/models/recurrent_state.h"

namespace heed::models {
namespace {

SutskeverConfig checked(SutskeverConfig config) {
  check_fields(list_fields(config), "Sutskever");
  return config;
}

nn::RecurrentOptions layers(const SutskeverConfig& config) {
  return {.input_size = config.embedding,
          .hidden_size = config.hidden,
          .num_layers = config.layers,
          .dropout = config.dropout};
}

/// The steps of every row of x (B, S, E) from its last to its first; padding stays behind.
Variable backwards(const Variable& x, const Tensor& lengths) {
  const int64_t B = x.size(0), S = x.size(1), E = x.size(2);
  const Tensor place = arange(S), end = unsqueeze(lengths, 1);     // (S), (B, 1)
  const Tensor from = where(place < end, end - 1 - place, place);  // (B, S)
  const Tensor rows = from + unsqueeze(arange(B) * S, 1);          // of x as (B S, E)
  return reshape(index_select(reshape(x, {B * S, E}), 0, flatten(rows)), {B, S, E});
}

}  // namespace

Sutskever::Sutskever(SutskeverConfig given)
    : settings(checked(std::move(given))),
      source_embedding({settings.source_tokens, settings.embedding}),
      target_embedding({settings.target_tokens, settings.embedding}),
      dropout({settings.dropout}),
      encoder(layers(settings)),
      decoder(layers(settings)),
      output({settings.hidden, settings.target_tokens}) {}

void Sutskever::members(nn::MemberVisitor& visit) {
  visit("source_embedding", source_embedding);
  visit("target_embedding", target_embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("decoder", decoder);
  visit("output", output);
}

Json Sutskever::config() const { return fields_to_json(settings); }

/// The representation v of the source: the last hidden and cell states of every layer.
DecoderState Sutskever::encode(const Tensor& source, const Tensor& given_lengths) const {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  Variable x = dropout(source_embedding(source));  // (B, S, E)
  if (settings.reverse_source) x = backwards(x, lengths);
  return {.rows = detail::state_rows(encoder(x, {.lengths = lengths}))};
}

/// Eq. 1: p(y_t | v, y_1 ... y_{t-1}), where v is the decoder's first state.
DecoderStep Sutskever::step(const Tensor& tokens, const DecoderState& state) const {
  const Variable y = unsqueeze(dropout(target_embedding(tokens)), 1);  // (B, 1, E)
  const RecurrentResult walked = decoder(y, detail::from_state_rows(state.rows));
  return {.logits = output(dropout(select(walked.output, 1, 0))),  // (B, V)
          .state = {.rows = detail::state_rows(walked)}};
}

/// No attention: nothing is added to the maps.
Variable Sutskever::forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                            nn::AttentionMaps*) const {
  const DecoderState v = encode(source, lengths);
  const Variable y = dropout(target_embedding(target_in));  // (B, T, E)
  return output(dropout(decoder(y, detail::from_state_rows(v.rows)).output));
}

}  // namespace heed::models
