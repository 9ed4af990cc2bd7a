#pragma once

#include "heed/core/tensor.h"

/// The additive attention step as one pass over memory: scores, softmax and context of one query
/// for each sequence. Bahdanau et al. 2015, appendix A.1.2. The (B, S, A) array of tanh values is
/// never stored: backward computes it again.
namespace heed {

struct AdditiveAttention {
  Tensor context;  ///< (B, D)
  Tensor weights;  ///< (B, S), zero where masked; a row with every key masked is all zero
};

/// weights = softmax_s(v . tanh(query + key_s)), context = sum_s weights_s value_s.
/// query (B, A), keys (B, S, A), values (B, S, D), v (A), mask (B, S) u8 (1: may be attended) or
/// empty. Throws Error for shapes and dtypes that do not fit.
AdditiveAttention additive_attention(const Tensor& query, const Tensor& keys, const Tensor& values,
                                     const Tensor& v, const Tensor& mask = {});

struct AdditiveAttentionGradients {
  Tensor query, keys, values, v;
};

/// The gradients of that step, given its weights. Gradients that never arrived are empty.
AdditiveAttentionGradients additive_attention_backward(const Tensor& query, const Tensor& keys,
                                                       const Tensor& values, const Tensor& v,
                                                       const Tensor& weights,
                                                       const Tensor& grad_context,
                                                       const Tensor& grad_weights);

}  // namespace heed
