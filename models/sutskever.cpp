#include "heed/models/sutskever.h"

#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
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

/// The tokens of every row of source (B, S) from its last to its first; padding stays behind.
Tensor backwards(const Tensor& source, const Tensor& lengths) {
  const Tensor place = arange(source.size(1)), end = unsqueeze(lengths, 1);  // (S), (B, 1)
  const Tensor from = where(place < end, end - 1 - place, place);            // (B, S)
  return gather(source, 1, from);
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
  const Tensor read = settings.reverse_source ? backwards(source, lengths) : source;
  return {.rows =
              detail::state_rows(encoder(dropout(source_embedding(read)), {.lengths = lengths}))};
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
