#include "heed/models/recurrent_state.h"

#include "heed/autograd/shape.h"

namespace heed::models::detail {

RecurrentKind recurrent_kind(std::string_view cell) {
  if (cell == "lstm") return RecurrentKind::lstm;
  if (cell == "gru") return RecurrentKind::gru;
  require(cell == "rnn", "cell: expected lstm, gru or rnn, got \"", cell, "\"");
  return RecurrentKind::rnn_tanh;
}

std::vector<Variable> state_rows(const RecurrentResult& walked) {
  std::vector<Variable> rows = {transpose(walked.h_n, 0, 1)};
  if (walked.c_n.defined()) rows.push_back(transpose(walked.c_n, 0, 1));
  return rows;
}

nn::RecurrentInput from_state_rows(std::span<const Variable> rows) {
  nn::RecurrentInput input{.h_0 = transpose(rows[0], 0, 1)};
  if (rows.size() > 1) input.c_0 = transpose(rows[1], 0, 1);
  return input;
}

}  // namespace heed::models::detail
