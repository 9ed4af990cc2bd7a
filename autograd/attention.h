#pragma once

#include "heed/autograd/variable.h"

namespace heed {

struct AttentionStep {
  Variable context;  ///< (B, D)
  Variable weights;  ///< (B, S)
};

/// One step of additive attention, fused: weights = softmax_s(v . tanh(query + key_s)) and
/// context = sum_s weights_s value_s. Shapes: query (B, A), keys (B, S, A), values (B, S, D), v
/// (A); mask (B, S) u8, 1 where a key may be attended, or empty. A row whose keys are all masked
/// gives zero context, weights and gradients. Bahdanau et al. 2015, appendix A.1.2.
AttentionStep additive_attention(const Variable& query, const Variable& keys,
                                 const Variable& values, const Variable& v,
                                 const Tensor& mask = {});

}  // namespace heed
