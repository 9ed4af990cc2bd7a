#include "heed/nn/recurrent_cells.h"

#include <cmath>

#include "heed/core/creation.h"
#include "heed/core/random.h"

namespace heed::nn {
namespace {

const char* cell_name(RecurrentKind kind) {
  switch (kind) {
    case RecurrentKind::lstm:
      return "LSTMCell";
    case RecurrentKind::gru:
      return "GRUCell";
    default:
      return "RNNCell";
  }
}

RecurrentCellOptions checked(RecurrentKind kind, RecurrentCellOptions options) {
  require(options.input_size >= 1 && options.hidden_size >= 1, cell_name(kind),
          ": expected input_size and hidden_size of at least 1, got ", options.input_size, " and ",
          options.hidden_size);
  return options;
}

}  // namespace

RecurrentParameters::RecurrentParameters(RecurrentKind kind, int64_t input_size,
                                         int64_t hidden_size, bool bias) {
  const int64_t rows = checked_multiply(gate_count(kind), hidden_size);
  const double bound = 1 / std::sqrt(double(hidden_size));
  const auto drawn = [&](const Shape& shape) { return Parameter(uniform(shape, -bound, bound)); };
  weight_ih = drawn({rows, input_size});
  weight_hh = drawn({rows, hidden_size});
  if (!bias) return;
  bias_ih = drawn({rows});
  bias_hh = drawn({rows});
}

RecurrentWeights RecurrentParameters::weights() const {
  const auto shared = [](const std::optional<Parameter>& bias) {
    return bias ? static_cast<const Variable&>(*bias) : Variable();
  };
  return {weight_ih, weight_hh, shared(bias_ih), shared(bias_hh)};
}

void RecurrentParameters::members(MemberVisitor& visit, std::string_view suffix) {
  const auto named = [&](const char* name) { return name + std::string(suffix); };
  visit(named("weight_ih"), weight_ih);
  visit(named("weight_hh"), weight_hh);
  visit(named("bias_ih"), bias_ih);
  visit(named("bias_hh"), bias_hh);
}

RecurrentCell::RecurrentCell(RecurrentKind kind, RecurrentCellOptions options)
    : kind(kind),
      options(checked(kind, options)),
      gates(kind, options.input_size, options.hidden_size, options.bias) {}

LstmState RecurrentCell::operator()(const Variable& x, const LstmState& state) const {
  require(x.defined() && x.dim() == 2 && x.size(1) == options.input_size, cell_name(kind),
          ": expected x of shape (batch, ", options.input_size, "), got ",
          x.defined() ? text(x.shape()) : "an empty Variable");
  const auto or_zero = [&](const Variable& part) {
    return part.defined() ? part
                          : Variable(zeros({x.size(0), options.hidden_size}, {.dtype = x.dtype()}));
  };
  const RecurrentWeights weights = gates.weights();
  require(kind != RecurrentKind::lstm || state.h.defined() == state.c.defined(), cell_name(kind),
          ": expected h and c, or neither, got ", state.h.defined() ? "h" : "c", " alone");
  if (kind == RecurrentKind::lstm) return lstm_cell(x, or_zero(state.h), or_zero(state.c), weights);
  require(!state.c.defined(), cell_name(kind), ": only an LSTM has a cell state c");
  if (kind == RecurrentKind::gru) return {gru_cell(x, or_zero(state.h), weights), {}};
  return {rnn_cell(kind, x, or_zero(state.h), weights), {}};
}

}  // namespace heed::nn
