#pragma once

#include <optional>

#include "heed/autograd/variable.h"
#include "heed/core/generator.h"

namespace heed {

/// Which keys a query may attend to, and how its scores are changed before the softmax.
struct ScaledDotProductOptions {
  Tensor mask = {};        ///< u8, 1: may be attended; broadcast to (B, H, T, S), or empty
  Variable bias = {};      ///< floating, added to the scores; broadcast to (B, H, T, S), or empty
  bool is_causal = false;  ///< query i may attend to the keys j <= past + i alone
  int64_t past = 0;        ///< keys before the first query's own, in cached decoding
  double dropout_p = 0;    ///< share of weights dropped; 0 outside training
  std::optional<double> scale = {};  ///< of the products; none: 1 / sqrt(D)
  Generator* generator = nullptr;    ///< of the dropout; null: default_generator()
};

/// softmax_S(scale q k^T + bias) v without ever storing the (T, S) weights, forward or backward:
/// memory grows linearly with T and S. query (B, H, T, D), key (B, K, S, D), value (B, K, S, E) ->
/// (B, H, T, E). H is a multiple of K: query head h attends to the keys of head h / (H / K), so
/// K < H is grouped-query and K = 1 multi-query attention. One head may do without its dimension:
/// query (B, T, D), key (B, S, D), value (B, S, E) -> (B, T, E), mask and bias for (B, T, S).
/// A query that may attend to nothing gives zeros, and zero gradients. Keys and values that no
/// query may attend to, by mask, causality or a bias of -inf, are padding: they may hold anything,
/// NaN too, and get zero gradients. Operands are read where they lie if their last dimension is
/// dense; output and gradients lie in memory as (B, T, H, E), so that joining the heads copies
/// nothing. Throws Error for shapes, dtypes and numbers that do not fit. Vaswani et al. 2017, eq.
/// 1; Milakov & Gimelshein 2018, "Online normalizer calculation for softmax"; Dao et al. 2022,
/// "FlashAttention"; Ainslie et al. 2023, "GQA".
Variable scaled_dot_product_attention(const Variable& query, const Variable& key,
                                      const Variable& value,
                                      const ScaledDotProductOptions& options = {});

/// The weights softmax_S(scale q k^T + bias) themselves, (B, H, T, S) or (B, T, S), before dropout:
/// what the function above does not store, for those who want to look.
Variable attention_weights(const Variable& query, const Variable& key,
                           const ScaledDotProductOptions& options = {});

}  // namespace heed
