#include "heed/models/bahdanau.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/fields.h"
#include "heed/models/recurrent_state.h"

namespace heed::models {
namespace {

BahdanauConfig checked(BahdanauConfig config) {
  check_fields(list_fields(config), "Bahdanau");
  require(config.hidden % 2 == 0, "Bahdanau: expected an even number of hidden units, got ",
          config.hidden);
  return config;
}

// The decoder's state: memory {values, keys, mask}, rows {h} or {h, c}, and then the attention's.
LstmState recurrent_part(const DecoderState& state, bool lstm) {
  return {state.rows[0], lstm ? state.rows[1] : Variable()};
}

}  // namespace

Bahdanau::Bahdanau(BahdanauConfig given)
    : settings(checked(std::move(given))),
      source_embedding({settings.source_tokens, settings.embedding}),
      target_embedding({settings.target_tokens, settings.embedding}),
      dropout({settings.dropout}),
      encoder(detail::recurrent_kind(settings.cell), {.input_size = settings.embedding,
                                                      .hidden_size = settings.hidden / 2,
                                                      .bidirectional = true}),
      initial({settings.hidden, settings.hidden}),
      attention(detail::attention_options(settings)),
      decoder(detail::recurrent_kind(settings.cell),
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
  const nn::AttentionMemory memory = attention.prepare(encoded.output);  // (B, S, H)
  return {.rows = rows({first, {.state = attention.start(memory)}}),
          .memory = {memory.values, memory.keys, nn::length_mask(lengths, source.size(1))}};
}

std::vector<Variable> Bahdanau::rows(const Moment& now) const {
  std::vector<Variable> rows{now.state.h};
  if (now.state.c.defined()) rows.push_back(now.state.c);
  rows.insert(rows.end(), now.look.state.begin(), now.look.state.end());
  return rows;
}

/// Section 3.1, from y_{i-1} (B, E) and s_{i-1}:
///   alpha_ij = softmax_j(score(s_{i-1}, h_j))   eq. 6
///   c_i = sum_j alpha_ij h_j                    eq. 5
///   s_i = f(s_{i-1}, [y_{i-1}; c_i])
Bahdanau::Moment Bahdanau::advance(const Variable& y, const DecoderState& before) const {
  const bool lstm = settings.cell == "lstm";
  const LstmState s = recurrent_part(before, lstm);
  const nn::AttentionMemory memory{before.memory[0], before.memory[1]};
  const nn::AttentionLook look = attention(s.h, memory, before.memory[2].value(),
                                           std::span(before.rows).subspan(lstm ? 2 : 1));
  return {decoder(cat({y, look.context}, 1), s), look};
}

/// Eq. 4, p(y_i | y_{i-1}, s_i, c_i), as softmax of a linear function of [s_i; c_i].
DecoderStep Bahdanau::step(const Tensor& tokens, const DecoderState& state) const {
  const Moment now = advance(dropout(target_embedding(tokens)), state);
  return {.logits = output(cat({now.state.h, now.look.context}, 1)),
          .state = {.rows = rows(now), .memory = state.memory},
          .weights = now.look.weights,
          .log_p = now.look.log_p};
}

Variable Bahdanau::forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                           nn::AttentionMaps* maps) const {
  require(target_in.dim() == 2 && target_in.size(0) == source.size(0) && target_in.size(1) >= 1,
          "Bahdanau: expected target_in (", source.size(0), ", steps), got ", target_in.shape());
  DecoderState state = encode(source, lengths);
  std::vector<Variable> states, contexts;
  std::vector<nn::AttentionLook> looks;
  for (const Variable& y : unbind(dropout(target_embedding(target_in)), 1)) {  // (B, E)
    const Moment now = advance(y, state);
    state.rows = rows(now);
    states.push_back(now.state.h);
    contexts.push_back(now.look.context);
    if (maps) looks.push_back(now.look);
  }
  if (maps) nn::add_looks(*maps, looks);                          // (B, T, S)
  return output(cat({stack(states, 1), stack(contexts, 1)}, 2));  // (B, T, V)
}

}  // namespace heed::models
