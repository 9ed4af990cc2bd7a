#include "heed/nn/recurrent.h"

#include "heed/autograd/dropout.h"
#include "heed/autograd/shape.h"

namespace heed::nn {
namespace {

const char* layer_name(RecurrentKind kind) {
  switch (kind) {
    case RecurrentKind::lstm:
      return "LSTM";
    case RecurrentKind::gru:
      return "GRU";
    default:
      return "RNN";
  }
}

RecurrentOptions checked(RecurrentKind kind, RecurrentOptions options) {
  require(options.input_size >= 1 && options.hidden_size >= 1 && options.num_layers >= 1,
          layer_name(kind), ": expected input_size, hidden_size and num_layers of at least 1, got ",
          options.input_size, ", ", options.hidden_size, " and ", options.num_layers);
  require(options.dropout >= 0 && options.dropout <= 1, layer_name(kind),
          ": expected a dropout in [0, 1], got ", options.dropout);
  return options;
}

int64_t directions(const RecurrentOptions& options) { return options.bidirectional ? 2 : 1; }

void check_input(const Recurrent& layer, const Variable& x, const RecurrentInput& input) {
  const RecurrentOptions& options = layer.options;
  const char* name = layer_name(layer.kind);
  require(x.defined() && x.dim() == 3 && x.size(2) == options.input_size, name,
          ": expected x of shape (", options.batch_first ? "batch, steps, " : "steps, batch, ",
          options.input_size, "), got ", x.defined() ? text(x.shape()) : "an empty Variable");
  const Shape state{int64_t(layer.layers.size()), x.size(options.batch_first ? 0 : 1),
                    options.hidden_size};
  const auto check_state = [&](const char* what, const Variable& initial) {
    require(!initial.defined() || initial.shape() == state, name, ": expected ", what, " of shape ",
            state, ", got ", initial.defined() ? text(initial.shape()) : "");
  };
  check_state("h_0", input.h_0);
  check_state("c_0", input.c_0);
  require(!input.c_0.defined() || layer.kind == RecurrentKind::lstm, name,
          ": only an LSTM has cell states c_0");
  require(layer.kind != RecurrentKind::lstm || input.h_0.defined() == input.c_0.defined(), name,
          ": expected h_0 and c_0, or neither, got ", input.h_0.defined() ? "h_0" : "c_0",
          " alone");
}

/// Final states (B, H) of every layer and direction as one (L D, B, H).
Variable stacked(const std::vector<Variable>& states) {
  return states.front().defined() ? stack(states, 0) : Variable();
}

}  // namespace

Recurrent::Recurrent(RecurrentKind kind, RecurrentOptions options)
    : kind(kind), options(checked(kind, options)) {
  for (int64_t layer = 0; layer < options.num_layers; ++layer)
    for (int64_t direction = 0; direction < directions(options); ++direction)
      layers.emplace_back(
          kind, layer == 0 ? options.input_size : directions(options) * options.hidden_size,
          options.hidden_size, options.bias);
}

void Recurrent::members(MemberVisitor& visit) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const size_t per_layer = size_t(directions(options));
    layers[i].members(
        visit, "_l" + std::to_string(i / per_layer) + (i % per_layer == 1 ? "_reverse" : ""));
  }
}

RecurrentResult Recurrent::operator()(const Variable& x, const RecurrentInput& input) const {
  check_input(*this, x, input);
  const auto initial = [](const Variable& states, size_t i) {
    return states.defined() ? states[int64_t(i)] : Variable();
  };
  Variable sequence = options.batch_first ? x : transpose(x, 0, 1);  // (B, T, I)
  std::vector<Variable> h_n, c_n;
  for (size_t i = 0; i < layers.size();) {
    if (i > 0) sequence = dropout(sequence, options.dropout, training);
    std::vector<Variable> outputs;
    for (int64_t direction = 0; direction < directions(options); ++direction, ++i) {
      const RecurrentResult walked =
          recurrent(kind, sequence, initial(input.h_0, i), initial(input.c_0, i),
                    layers[i].weights(), input.lengths, direction == 1);
      outputs.push_back(walked.output);
      h_n.push_back(walked.h_n);
      c_n.push_back(walked.c_n);
    }
    sequence = outputs.size() == 1 ? outputs[0] : cat(outputs, 2);  // (B, T, D H)
  }
  return {options.batch_first ? sequence : transpose(sequence, 0, 1), stacked(h_n), stacked(c_n)};
}

}  // namespace heed::nn
