#include "heed/models/char_rnn.h"

#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/fields.h"
#include "heed/models/recurrent_state.h"

namespace heed::models {
namespace {

CharRnnConfig checked(CharRnnConfig config) {
  check_fields(list_fields(config), "CharRnn");
  return config;
}

}  // namespace

CharRnn::CharRnn(CharRnnConfig given)
    : settings(checked(std::move(given))),
      embedding({settings.tokens, settings.embedding}),
      layers(detail::recurrent_kind(settings.cell), {.input_size = settings.embedding,
                                                     .hidden_size = settings.hidden,
                                                     .num_layers = settings.layers,
                                                     .dropout = settings.dropout}),
      dropout({settings.dropout}),
      output({settings.hidden, settings.tokens}) {}

void CharRnn::members(nn::MemberVisitor& visit) {
  visit("embedding", embedding);
  visit("layers", layers);
  visit("dropout", dropout);
  visit("output", output);
}

Json CharRnn::config() const { return fields_to_json(settings); }

/// h_t^l = f(h_t^{l-1}, h_{t-1}^l), where h_t^0 is the embedding of token t.
RecurrentResult CharRnn::walk(const Tensor& tokens, const nn::RecurrentInput& from) const {
  require(tokens.dim() == 2 && tokens.size(1) >= 1, "CharRnn: expected tokens (batch, steps), got ",
          tokens.shape());
  return layers(embedding(tokens), from);  // (B, T, H)
}

/// p(x_{t+1} | x_1 ... x_t) as softmax of a linear function of h_t^L. No attention: nothing is
/// added to the maps.
Variable CharRnn::forward(const Tensor& tokens, nn::AttentionMaps*) const {
  return output(dropout(walk(tokens, {}).output));  // (B, T, V)
}

DecoderState CharRnn::start(int64_t batch) const {
  const Variable zero =
      zeros({batch, settings.layers, settings.hidden}, {.dtype = output.bias->dtype()});
  return {.rows = std::vector(settings.cell == "lstm" ? 2 : 1, zero)};
}

DecoderStep CharRnn::read(const Tensor& tokens, const DecoderState& state) const {
  const RecurrentResult walked = walk(tokens, detail::from_state_rows(state.rows));
  return {.logits = output(dropout(select(walked.output, 1, -1))),  // (B, V)
          .state = {.rows = detail::state_rows(walked)}};
}

}  // namespace heed::models
