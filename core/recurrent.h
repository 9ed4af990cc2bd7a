#pragma once

#include "heed/core/tensor.h"

/// The walk of a recurrent layer through time, one layer in one direction: the part of an RNN that
/// no large product can do. Sequences are batch-first: B sequences of T steps, H hidden units, and
/// G preactivations for each unit (RNN 1, GRU 3, LSTM 4; PyTorch's order i f g o and r z n).
namespace heed {

enum class RecurrentKind { rnn_tanh, rnn_relu, gru, lstm };

/// G: how many preactivations each hidden unit has.
int64_t gate_count(RecurrentKind kind);
const char* recurrent_name(RecurrentKind kind);

struct RecurrentWalk {
  RecurrentKind kind;
  Tensor weight_hh;      ///< (G H, H), empty for a single step without its product
  Tensor lengths;        ///< (B,) i64 in [0, T], or empty: padded steps change nothing
  bool reverse = false;  ///< from the last step (of each length) to the first
};

struct RecurrentState {
  Tensor output;  ///< (B, T, H); zero at padded steps
  Tensor h_n;     ///< (B, H)
  Tensor c_n;     ///< (B, H), LSTM only
  // Kept for backward, when asked for.
  Tensor gates;     ///< (B, T, G H): LSTM i f g o; GRU r z n; RNN h
  Tensor h_prev;    ///< (B, T, H): the state that each step started from
  Tensor c_prev;    ///< (B, T, H), LSTM only
  Tensor hidden_n;  ///< (B, T, H), GRU only: the hidden part of n
};

/// Runs the walk. projected (B, T, G H) holds W_ih x + b_ih, and for RNN and LSTM also + b_hh; the
/// GRU adds bias_hh (3 H, or empty) itself, because its reset gate stands in front of it. The gates
/// are written over it. h_0, c_0: (B, H). Shapes are the caller's to check.
RecurrentState recurrent_forward(const RecurrentWalk& walk, Tensor projected, const Tensor& bias_hh,
                                 const Tensor& h_0, const Tensor& c_0, bool keep);

/// One step of the cell alone, for a decoder that computes its products itself: hidden (B, G H) is
/// W_hh h + b_hh, projected (B, G H) the input's part, written over; an RNN or LSTM takes their sum
/// as projected and no hidden. The sequences of the result have T = 1.
RecurrentState recurrent_step(RecurrentKind kind, Tensor projected, const Tensor& hidden,
                              const Tensor& h, const Tensor& c, bool keep);

struct RecurrentGradients {
  Tensor projected;  ///< (B, T, G H)
  Tensor hidden;     ///< (B, T, G H): of W_hh h + b_hh; the same tensor but for the GRU
  Tensor h_0;        ///< (B, H)
  Tensor c_0;        ///< (B, H), LSTM only
};

/// The gradients of a kept walk. Gradients that never arrived are empty tensors. Of a kept step
/// (walk.weight_hh empty) h_0 lacks the part that came through the product. The last time, the
/// gradients are written over the gates.
RecurrentGradients recurrent_backward(const RecurrentWalk& walk, const RecurrentState& state,
                                      const Tensor& grad_output, const Tensor& grad_h_n,
                                      const Tensor& grad_c_n, bool last);

}  // namespace heed
