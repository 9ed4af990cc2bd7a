#pragma once

#include <cstdint>
#include <optional>

#include "heed/core/tensor.h"

/// Attention over a sequence in tiles of the scores: memory grows linearly with the lengths,
/// forward and backward, because the (T, S) weights exist only a tile at a time.
namespace heed {

/// How the scores of queries (B, H, T, D) and keys (B, K, S, D) become weights.
struct ScaledDotProductSettings {
  Tensor mask = {};        ///< u8, 1: may be attended; broadcast to (B, H, T, S), or empty
  Tensor bias = {};        ///< added to the scores; broadcast to (B, H, T, S), or empty
  bool is_causal = false;  ///< query i may attend to the keys j <= past + i alone
  int64_t past = 0;
  double dropout_p = 0;              ///< share of weights dropped, by (seed, offset) of a Generator
  std::optional<double> scale = {};  ///< of the products; none: 1 / sqrt(D)
  uint64_t seed = 0, offset = 0;
};

struct ScaledDotProduct {
  Tensor output;     ///< (B, H, T, E), laid out as (B, T, H, E)
  Tensor logsumexp;  ///< (B, H, T) of the scores; infinite where a query may attend to nothing
};

/// softmax_S(scale q k^T + bias) v; query head h attends to the keys of head h / (H / K). A query
/// that may attend to nothing gives 0; keys and values that no query may attend to, by mask,
/// causality or a bias of -inf, are padding and may hold anything, NaN too. Operands are read where
/// they lie if their rows are dense. Throws Error for shapes, dtypes and numbers that do not fit.
/// Milakov & Gimelshein 2018, "Online normalizer calculation for softmax"; Dao et al. 2022,
/// "FlashAttention".
ScaledDotProduct scaled_dot_product_attention(const Tensor& query, const Tensor& key,
                                              const Tensor& value,
                                              const ScaledDotProductSettings& settings = {});

struct ScaledDotProductGradients {
  Tensor query, key, value;  ///< laid out as (B, T, H, D), (B, S, K, D), (B, S, K, E)
  Tensor bias;               ///< in the bias's own shape; empty unless it was asked for
};

/// The gradients of that, given the result and its gradient dy. The weights are computed again.
ScaledDotProductGradients scaled_dot_product_attention_backward(
    const Tensor& dy, const Tensor& query, const Tensor& key, const Tensor& value,
    const ScaledDotProductSettings& settings, const ScaledDotProduct& result, bool bias_gradient);

namespace detail {
/// Throws Error, under the name of the op, unless everything fits.
void check_scaled_dot_product(const char* op, const Tensor& query, const Tensor& key,
                              const Tensor& value, const ScaledDotProductSettings& settings);

/// u8, to be broadcast to (B, H, T, S): 1 where a query may attend to a key by mask, causality and
/// bias, which then is not -inf; empty where every query may attend to every key.
Tensor allowed_keys(const ScaledDotProductSettings& settings, int64_t queries, int64_t keys);

/// u8 (B, K, S, 1), 1 for the keys that no query may attend to. Empty if key and value are finite:
/// then a weight of 0 is enough, where else 0 times NaN is NaN.
Tensor unread_keys(const Tensor& query, const Tensor& key, const Tensor& value,
                   const ScaledDotProductSettings& settings);
}  // namespace detail

}  // namespace heed
