#pragma once

#include <cstdint>

#include "heed/heed.h"

namespace heed {

/// Lets the units of a recurrent layer start with memories of 1 to `longest` steps: a gate that
/// keeps the share u / (u + 1) of its state at every step forgets within about u steps, so forget
/// gates start with the biases log u, u uniform in [1, longest - 1], and input gates with -log u.
/// The LSTM of 1997 had no forget gate and so kept everything; at a bias of 0 half is lost at every
/// step, and nothing at a distance of 50 is ever found. A GRU's update gate, which keeps, gets
/// log u; a plain RNN has no gates and stays as it is.
/// Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", eq. 16.
inline void remember(nn::Recurrent& layer, int64_t longest) {
  const int64_t hidden = layer.options.hidden_size;
  for (nn::RecurrentParameters& parameters : layer.layers) {
    const Tensor bias = parameters.bias_ih->value(), other = parameters.bias_hh->value();
    const Tensor log_u = log(uniform({hidden}, 1, longest - 1));
    const auto set = [&](int64_t gate, const Tensor& values) {
      narrow(bias, 0, gate * hidden, hidden).copy_(values);
      narrow(other, 0, gate * hidden, hidden).fill_(0);
    };
    if (layer.kind == RecurrentKind::lstm) set(0, -log_u), set(1, log_u);  // gates i, f, g, o
    if (layer.kind == RecurrentKind::gru) set(1, log_u);                   // gates r, z, n
  }
}

}  // namespace heed
