#pragma once
// internal

#include <span>
#include <string_view>

#include "heed/nn/attention.h"
#include "heed/nn/recurrent.h"

namespace heed::models::detail {

/// "lstm", "gru", or "rnn" with tanh, as configurations name them.
RecurrentKind recurrent_kind(std::string_view cell);

/// The attention that a configuration's fields score, alignment and window choose, of a decoder
/// with `hidden` units over a memory of that size.
template <class Config>
nn::AttentionOptions attention_options(const Config& config) {
  const nn::Score score = nn::score_from_name(config.score);
  return {.score = score,
          .query_size = config.hidden,
          .key_size = config.hidden,
          .hidden_size = nn::adds(score) ? config.hidden : 0,
          .alignment = nn::alignment_from_name(config.alignment),
          .window = config.window};
}

/// A recurrent layer's states (L, B, H) as rows of a DecoderState, (B, L, H): {h} or {h, c}.
std::vector<Variable> state_rows(const RecurrentResult& walked);
/// The layer's input that goes on from such rows.
nn::RecurrentInput from_state_rows(std::span<const Variable> rows);

}  // namespace heed::models::detail
