#pragma once
// internal

#include <span>
#include <string_view>

#include "heed/nn/recurrent.h"

namespace heed::models::detail {

/// "lstm", "gru", or "rnn" with tanh, as configurations name them.
RecurrentKind recurrent_kind(std::string_view cell);

/// A recurrent layer's states (L, B, H) as rows of a DecoderState, (B, L, H): {h} or {h, c}.
std::vector<Variable> state_rows(const RecurrentResult& walked);
/// The layer's input that goes on from such rows.
nn::RecurrentInput from_state_rows(std::span<const Variable> rows);

}  // namespace heed::models::detail
