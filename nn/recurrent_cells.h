#pragma once

#include <optional>
#include <string_view>

#include "heed/autograd/recurrent.h"
#include "heed/nn/module.h"

/// The cells of recurrent layers: one step of a sequence. Formulas stand in autograd/recurrent.h;
/// names, shapes and gate order of the parameters are PyTorch's.
namespace heed::nn {

/// The parameters of one layer in one direction: G H rows for G gates, PyTorch's order (LSTM i f g
/// o, GRU r z n). All begin uniform in [-1/sqrt(H), 1/sqrt(H)).
struct RecurrentParameters {
  RecurrentParameters(RecurrentKind kind, int64_t input_size, int64_t hidden_size, bool bias);
  RecurrentWeights weights() const;
  /// Lists weight_ih, weight_hh, bias_ih and bias_hh with the suffix behind each name.
  void members(MemberVisitor& visit, std::string_view suffix = "");

  Parameter weight_ih;                        // (G H, input_size)
  Parameter weight_hh;                        // (G H, H)
  std::optional<Parameter> bias_ih, bias_hh;  // (G H)
};

struct RecurrentCellOptions {
  int64_t input_size = 0;
  int64_t hidden_size = 0;
  bool bias = true;
};

/// A cell whose kind is chosen at run time.
struct RecurrentCell : Module {
  /// Throws Error unless both sizes are at least 1.
  RecurrentCell(RecurrentKind kind, RecurrentCellOptions options);
  /// x (B, input_size), state (B, hidden_size) or undefined: zero. Only the LSTM has a c, and
  /// wants both or neither.
  LstmState operator()(const Variable& x, const LstmState& state = {}) const;
  void members(MemberVisitor& visit) override { gates.members(visit); }

  RecurrentKind kind;
  RecurrentCellOptions options;
  RecurrentParameters gates;
};

/// h', c' from x, h, c. Hochreiter & Schmidhuber 1997, "Long short-term memory", with the forget
/// gate of Gers et al. 2000.
struct LSTMCell : RecurrentCell {
  explicit LSTMCell(RecurrentCellOptions options) : RecurrentCell(RecurrentKind::lstm, options) {}
};

/// h' from x, h. Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
struct GRUCell : RecurrentCell {
  explicit GRUCell(RecurrentCellOptions options) : RecurrentCell(RecurrentKind::gru, options) {}
  Variable operator()(const Variable& x, const Variable& h = {}) const {
    return RecurrentCell::operator()(x, {.h = h, .c = {}}).h;
  }
};

enum class Nonlinearity { tanh, relu };
inline RecurrentKind rnn_kind(Nonlinearity nonlinearity) {
  return nonlinearity == Nonlinearity::tanh ? RecurrentKind::rnn_tanh : RecurrentKind::rnn_relu;
}

/// h' from x, h. Elman 1990, "Finding structure in time".
struct RNNCell : RecurrentCell {
  explicit RNNCell(RecurrentCellOptions options, Nonlinearity nonlinearity = Nonlinearity::tanh)
      : RecurrentCell(rnn_kind(nonlinearity), options) {}
  Variable operator()(const Variable& x, const Variable& h = {}) const {
    return RecurrentCell::operator()(x, {.h = h, .c = {}}).h;
  }
};

}  // namespace heed::nn
