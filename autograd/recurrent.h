#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/recurrent.h"

/// Recurrent layers, fused: a whole sequence is one op. Each has a definition in primitive ops,
/// used for second derivatives and under HEED_FUSED=0. Biases may be undefined Variables.
namespace heed {

struct RecurrentWeights {
  Variable w_ih;  ///< (G H, I)
  Variable w_hh;  ///< (G H, H)
  Variable b_ih;  ///< (G H), or undefined
  Variable b_hh;  ///< (G H), or undefined
};

struct RecurrentResult {
  Variable output;  ///< (B, T, H), zero at padded steps
  Variable h_n;     ///< (B, H), the state after each sequence's last step
  Variable c_n;     ///< (B, H), LSTM only
};

/// One layer in one direction over x (B, T, I). Initial states (B, H) may be undefined: zero.
/// lengths (B) i64 in [0, T], or empty; reverse walks each sequence from its last step.
///   LSTM  i, f, o = sigmoid(.), g = tanh(.) of W_ih x + b_ih + W_hh h + b_hh
///         c' = f c + i g, h' = o tanh(c')                     Hochreiter & Schmidhuber 1997
///   GRU   r, z = sigmoid(.), n = tanh(W_in x + b_in + r (W_hn h + b_hn))
///         h' = (1 - z) n + z h                                Cho et al. 2014
///   RNN   h' = tanh(.) or relu(.)                             Elman 1990
/// Throws Error for shapes, dtypes or lengths that do not fit.
RecurrentResult recurrent(RecurrentKind kind, const Variable& x, const Variable& h_0,
                          const Variable& c_0, const RecurrentWeights& weights,
                          const Tensor& lengths = {}, bool reverse = false);

struct LstmState {
  Variable h, c;  ///< (B, H)
};

/// One step of each cell: x (B, I), states (B, H).
LstmState lstm_cell(const Variable& x, const Variable& h, const Variable& c,
                    const RecurrentWeights& weights);
Variable gru_cell(const Variable& x, const Variable& h, const RecurrentWeights& weights);
Variable rnn_cell(RecurrentKind kind, const Variable& x, const Variable& h,
                  const RecurrentWeights& weights);

}  // namespace heed
