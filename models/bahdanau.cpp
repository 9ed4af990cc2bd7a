#include "heed/models/bahdanau.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/fields.h"

namespace heed::models {
namespace {

BahdanauConfig checked(BahdanauConfig config) {
  check_fields(list_fields(config), "Bahdanau");
  require(config.hidden % 2 == 0, "Bahdanau: expected an even number of hidden units, got ",
          config.hidden);
  return config;
}

RecurrentKind kind_of(const BahdanauConfig& config) {
  return config.cell == "lstm" ? RecurrentKind::lstm : RecurrentKind::gru;
}

nn::AttentionOptions attention_options(const BahdanauConfig& config) {
  const nn::Score score = nn::score_from_name(config.score);
  return {.score = score,
          .query_size = config.hidden,
          .key_size = config.hidden,
          .hidden_size = score == nn::Score::additive ? config.hidden : 0};
}

// The decoder's state: memory {values, keys, mask}, rows {h} or {h, c}.
LstmState recurrent_part(const DecoderState& state) {
  return {state.rows[0], state.rows.size() > 1 ? state.rows[1] : Variable()};
}
std::vector<Variable> as_rows(const LstmState& state) {
  return state.c.defined() ? std::vector{state.h, state.c} : std::vector{state.h};
}

}  // namespace

Bahdanau::Bahdanau(BahdanauConfig given)
    : settings(checked(std::move(given))),
      source_embedding({settings.source_tokens, settings.embedding}),
      target_embedding({settings.target_tokens, settings.embedding}),
      dropout({settings.dropout}),
      encoder(kind_of(settings), {.input_size = settings.embedding,
                                  .hidden_size = settings.hidden / 2,
                                  .bidirectional = true}),
      initial({settings.hidden, settings.hidden}),
      attention(attention_options(settings)),
      decoder(kind_of(settings),
              {.input_size = settings.embedding + settings.hidden, .hidden_size = settings.hidden}),
      output({2 * settings.hidden, settings.target_tokens}) {}

void Bahdanau::members(nn::MemberVisitor& visit) {
  visit("source_embedding", source_embedding);
  visit("target_embedding", target_embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("initial", initial);
  visit("attention", attention);
  visit("decoder", decoder);
  visit("output", output);
}

Json Bahdanau::config() const { return fields_to_json(settings); }

/// Section 3.2: the annotations h_j = [h_j forward; h_j backward], and
/// s_0 = tanh(W_s [h_S forward; h_1 backward]), where the paper takes the backward half alone.
DecoderState Bahdanau::encode(const Tensor& source, const Tensor& given_lengths) const {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  const auto encoded = encoder(dropout(source_embedding(source)), {.lengths = lengths});
  const Variable ends = cat({encoded.h_n[0], encoded.h_n[1]}, 1);  // (B, H)
  LstmState first{tanh(initial(ends)), {}};
  if (settings.cell == "lstm") first.c = zeros_like(first.h.value());
  const auto [values, keys] = attention.prepare(encoded.output);  // (B, S, H)
  return {as_rows(first), {values, keys, nn::length_mask(lengths, source.size(1))}};
}

/// Section 3.1, from y_{i-1} (B, E) and s_{i-1}:
///   alpha_ij = softmax_j(score(s_{i-1}, h_j))   eq. 6
///   c_i = sum_j alpha_ij h_j                    eq. 5
///   s_i = f(s_{i-1}, [y_{i-1}; c_i])
Bahdanau::Moment Bahdanau::advance(const Variable& y, const DecoderState& before) const {
  const LstmState s = recurrent_part(before);
  const nn::AttentionMemory memory{before.memory[0], before.memory[1]};
  const auto [context, weights] = attention(s.h, memory, before.memory[2].value());
  return {decoder(cat({y, context}, 1), s), context, weights};
}

/// Eq. 4, p(y_i | y_{i-1}, s_i, c_i), as softmax of a linear function of [s_i; c_i].
DecoderStep Bahdanau::step(const Tensor& tokens, const DecoderState& state) const {
  const Moment now = advance(dropout(target_embedding(tokens)), state);
  return {
      output(cat({now.state.h, now.context}, 1)), {as_rows(now.state), state.memory}, now.weights};
}

Variable Bahdanau::forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                           nn::AttentionMaps* maps) const {
  require(target_in.dim() == 2 && target_in.size(0) == source.size(0) && target_in.size(1) >= 1,
          "Bahdanau: expected target_in (", source.size(0), ", steps), got ", target_in.shape());
  DecoderState state = encode(source, lengths);
  std::vector<Variable> states, contexts;
  std::vector<Tensor> weights;
  for (const Variable& y : unbind(dropout(target_embedding(target_in)), 1)) {  // (B, E)
    const Moment now = advance(y, state);
    state.rows = as_rows(now.state);
    states.push_back(now.state.h);
    contexts.push_back(now.context);
    if (maps) weights.push_back(now.weights.value());
  }
  if (maps) maps->layers.push_back(stack(weights, 1));            // (B, T, S)
  return output(cat({stack(states, 1), stack(contexts, 1)}, 2));  // (B, T, V)
}

}  // namespace heed::models
