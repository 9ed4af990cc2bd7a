#include "heed/models/luong.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/fields.h"
#include "heed/models/recurrent_state.h"

namespace heed::models {
namespace {

LuongConfig checked(LuongConfig config) {
  check_fields(list_fields(config), "Luong");
  return config;
}

std::vector<nn::LSTMCell> make_decoder(const LuongConfig& config) {
  std::vector<nn::LSTMCell> cells;
  for (int64_t layer = 0; layer < config.layers; ++layer)
    cells.emplace_back(
        nn::RecurrentCellOptions{.input_size = config.hidden + (layer == 0 ? config.embedding : 0),
                                 .hidden_size = config.hidden});
  return cells;
}

}  // namespace

Luong::Luong(LuongConfig given)
    : settings(checked(std::move(given))),
      source_embedding({settings.source_tokens, settings.embedding}),
      target_embedding({settings.target_tokens, settings.embedding}),
      dropout({settings.dropout}),
      encoder({.input_size = settings.embedding,
               .hidden_size = settings.hidden,
               .num_layers = settings.layers,
               .dropout = settings.dropout}),
      decoder(make_decoder(settings)),
      attention(detail::attention_options(settings)),
      combine({2 * settings.hidden, settings.hidden, false}),
      output({settings.hidden, settings.target_tokens}) {}

void Luong::members(nn::MemberVisitor& visit) {
  visit("source_embedding", source_embedding);
  visit("target_embedding", target_embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("decoder", decoder);
  visit("attention", attention);
  visit("combine", combine);
  visit("output", output);
}

Json Luong::config() const { return fields_to_json(settings); }

/// The decoder's state: memory {values, keys, mask}; rows {h~, h and c of each layer, and then the
/// attention's}.
std::vector<Variable> Luong::rows(const Moment& now) {
  std::vector<Variable> rows{now.vector};
  for (const LstmState& layer : now.layers) rows.insert(rows.end(), {layer.h, layer.c});
  rows.insert(rows.end(), now.look.state.begin(), now.look.state.end());
  return rows;
}

/// Section 3: the decoder begins with the encoder's last states; the first h~ is zero.
DecoderState Luong::encode(const Tensor& source, const Tensor& given_lengths) const {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  const auto encoded = encoder(dropout(source_embedding(source)), {.lengths = lengths});
  const nn::AttentionMemory memory = attention.prepare(encoded.output);  // (B, S, H)
  Moment first{.vector = zeros_like(encoded.h_n.value()[0]),
               .look = {.state = attention.start(memory)}};
  for (int64_t layer = 0; layer < settings.layers; ++layer)
    first.layers.push_back({encoded.h_n[layer], encoded.c_n[layer]});
  return {.rows = rows(first),
          .memory = {memory.values, memory.keys, nn::length_mask(lengths, source.size(1))}};
}

/// From y_{t-1} (B, E) and the attentional vector h~_{t-1}, which section 3.3 feeds in:
///   h_t = LSTM([y_{t-1}; h~_{t-1}], h_{t-1})
///   a_t(s) = align(h_t, h_s), c_t = sum_s a_t(s) h_s   eq. 7
///   h~_t = tanh(W_c [c_t; h_t])                        eq. 5
Luong::Moment Luong::advance(const Variable& y, const DecoderState& before) const {
  Moment now;
  Variable x = cat({y, before.rows[0]}, 1);  // (B, E + H)
  size_t row = 1;
  for (size_t layer = 0; layer < decoder.size(); ++layer, row += 2) {
    if (layer > 0) x = dropout(x);
    now.layers.push_back(decoder[layer](x, {before.rows[row], before.rows[row + 1]}));
    x = now.layers.back().h;
  }
  now.look = attention(x, {before.memory[0], before.memory[1]}, before.memory[2].value(),
                       std::span(before.rows).subspan(row));
  now.vector = tanh(combine(cat({now.look.context, x}, 1)));
  return now;
}

/// Eq. 6: p(y_t | y_1 ... y_{t-1}, x) = softmax(W_s h~_t).
DecoderStep Luong::step(const Tensor& tokens, const DecoderState& state) const {
  const Moment now = advance(dropout(target_embedding(tokens)), state);
  return {.logits = output(dropout(now.vector)),
          .state = {.rows = rows(now), .memory = state.memory},
          .weights = now.look.weights,
          .log_p = now.look.log_p};
}

Variable Luong::forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                        nn::AttentionMaps* maps) const {
  require(target_in.dim() == 2 && target_in.size(0) == source.size(0) && target_in.size(1) >= 1,
          "Luong: expected target_in (", source.size(0), ", steps), got ", target_in.shape());
  DecoderState state = encode(source, lengths);
  std::vector<Variable> vectors;
  std::vector<nn::AttentionLook> looks;
  for (const Variable& y : unbind(dropout(target_embedding(target_in)), 1)) {  // (B, E)
    const Moment now = advance(y, state);
    state.rows = rows(now);
    vectors.push_back(now.vector);
    if (maps) looks.push_back(now.look);
  }
  if (maps) nn::add_looks(*maps, looks);      // (B, T, S)
  return output(dropout(stack(vectors, 1)));  // (B, T, V)
}

}  // namespace heed::models
