#pragma once

#include <vector>

#include "heed/nn/recurrent_cells.h"

/// Recurrent layers over whole sequences. Formulas stand in autograd/recurrent.h; names, shapes and
/// gate order of the parameters are PyTorch's: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0,
/// weight_ih_l0_reverse, ..., weight_ih_l1, ...
namespace heed::nn {

struct RecurrentOptions {
  int64_t input_size = 0;
  int64_t hidden_size = 0;  ///< H, of each direction
  int64_t num_layers = 1;   ///< L: each layer reads the outputs of the one before
  bool bias = true;         ///< b_ih and b_hh, both
  bool batch_first = true;  ///< sequences as (B, T, ...); false: (T, B, ...), as PyTorch defaults
  double dropout = 0;       ///< on the outputs of every layer but the last, in training
  bool bidirectional = false;  ///< D = 2 directions; their outputs stand side by side
};

struct RecurrentInput {
  Variable h_0 = {};    ///< (L D, B, H), layer by layer, forward before backward; undefined: zero
  Variable c_0 = {};    ///< the same of an LSTM's cells, which wants both or neither
  Tensor lengths = {};  ///< (B) i64 in [0, T]: steps behind a sequence's length change nothing
};

/// A recurrent layer whose kind is chosen at run time.
struct Recurrent : Module {
  /// Throws Error unless the sizes and num_layers are at least 1 and dropout is in [0, 1].
  Recurrent(RecurrentKind kind, RecurrentOptions options);

  /// x (B, T, input_size) -> output (B, T, D H) of the last layer, zero behind each length; h_n and
  /// (LSTM) c_n (L D, B, H), the states after each sequence's last step: the backward direction's
  /// last step is the first of the sequence.
  RecurrentResult operator()(const Variable& x, const RecurrentInput& input = {}) const;
  void members(MemberVisitor& visit) override;

  RecurrentKind kind;
  RecurrentOptions options;
  std::vector<RecurrentParameters> layers;  // L D, in the order of h_0
};

/// Hochreiter & Schmidhuber 1997, "Long short-term memory"; both directions: Graves & Schmidhuber
/// 2005. `lstm(x, {.lengths = lengths})`
struct LSTM : Recurrent {
  explicit LSTM(RecurrentOptions options) : Recurrent(RecurrentKind::lstm, options) {}
};

/// Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
struct GRU : Recurrent {
  explicit GRU(RecurrentOptions options) : Recurrent(RecurrentKind::gru, options) {}
};

/// Elman 1990, "Finding structure in time".
struct RNN : Recurrent {
  explicit RNN(RecurrentOptions options, Nonlinearity nonlinearity = Nonlinearity::tanh)
      : Recurrent(rnn_kind(nonlinearity), options) {}
};

}  // namespace heed::nn
