#pragma once

#include <optional>

#include "heed/nn/kv_cache.h"
#include "heed/nn/linear.h"

namespace heed::nn {

struct MultiheadAttentionOptions {
  int64_t embed_dim = 0;     ///< E, of queries and outputs; a multiple of num_heads
  int64_t num_heads = 1;     ///< H, each of D = E / H units
  double dropout = 0;        ///< on the weights, in training
  bool bias = true;          ///< of the projections in and out
  int64_t kdim = 0;          ///< of keys; 0: embed_dim
  int64_t vdim = 0;          ///< of values; 0: embed_dim
  bool batch_first = true;   ///< sequences as (B, T, ...); false: (T, B, ...), as PyTorch defaults
  int64_t num_kv_heads = 0;  ///< K, heads of keys and values, which divides num_heads:
                             ///< grouped-query attention (1: multi-query); 0: num_heads
  bool rotary = false;       ///< turn queries and keys by their positions (nn::rotary)?
};

/// What a query may attend to. Masks have PyTorch's meaning: in a mask of u8, 1 (true) means NOT
/// allowed, the opposite of the masks of nn::Attention. A floating mask is added to the scores.
struct MultiheadMasks {
  Tensor key_padding_mask = {};  ///< (B, S): keys that are padding, as nn::padding_mask gives
  /// (T, S), (B H, T, S), or four dimensions that broadcast to (B, H, T, S), as nn::alibi_bias and
  /// nn::RelativePositionBias give.
  Variable attn_mask = {};
  bool need_weights = true;          ///< compute the weights that are returned?
  bool average_attn_weights = true;  ///< over the heads
  bool is_causal = false;            ///< may query i attend to its own key and those before alone?
  /// Of a self-attention (query and key are one Variable), the keys and values of the tokens
  /// before. Those of this call are appended, unless it throws; S counts both. They are constants:
  /// Error while recording, where keys or values require a gradient.
  KvCache* cache = nullptr;
};

struct MultiheadResult {
  Variable output;   ///< (B, T, E), or (T, B, E)
  Variable weights;  ///< (B, T, S), (B, H, T, S) when not averaged; undefined if not needed
};

/// Keys (B, K, S, D) and values (B, K, S, D) of one sequence, for many queries.
struct MultiheadMemory {
  Variable keys, values;
};

/// Several attentions side by side, each over its own projection:
///   head_i = softmax(Q_i K_i^T / sqrt(D)) V_i,  output = W_o [head_1; head_2; ...]
/// without storing the weights unless they are needed; returned weights are those before dropout.
/// A query whose keys are all masked attends to nothing: its weights are zero and its output is the
/// bias of out_proj. Vaswani et al. 2017, "Attention is all you need", section 3.2.2.
/// Parameters have PyTorch's names, shapes and first numbers.
struct MultiheadAttention : Module {
  /// Throws Error for sizes that do not fit and a dropout outside [0, 1].
  explicit MultiheadAttention(MultiheadAttentionOptions options);

  /// query (B, T, E), key (B, S, kdim), value (B, S, vdim). A sequence with itself is one product.
  MultiheadResult operator()(const Variable& query, const Variable& key, const Variable& value,
                             const MultiheadMasks& masks = {}) const;

  /// The same in two halves: what depends on key and value alone is computed once. Several queries
  /// may share it: of B g sequences, the first g attend to the memory's first, and so on; these
  /// take no attn_mask and are not causal.
  MultiheadMemory prepare(const Variable& key, const Variable& value) const;
  MultiheadResult operator()(const Variable& query, const MultiheadMemory& memory,
                             const MultiheadMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  // With C = K D the width of all keys, and of all values:
  MultiheadAttentionOptions options;
  std::optional<Parameter> in_proj_weight;  // (E + 2 C, E) when kdim = vdim = E, else these three:
  std::optional<Parameter> q_proj_weight, k_proj_weight, v_proj_weight;  // (E | C, E | kdim | vdim)
  std::optional<Parameter> in_proj_bias;                                 // (E + 2 C)
  Linear out_proj;
};

/// (B, T, heads D) -> (B, heads, T, D), a view.
Variable split_heads(const Variable& x, int64_t heads);
/// (B, heads, T, D) -> (B, T, heads D)
Variable join_heads(const Variable& x);

}  // namespace heed::nn
