#pragma once

#include <optional>

#include "heed/nn/linear.h"

namespace heed::nn {

struct MultiheadAttentionOptions {
  int64_t embed_dim = 0;    ///< E, of queries and outputs; a multiple of num_heads
  int64_t num_heads = 1;    ///< each of E / num_heads units
  double dropout = 0;       ///< on the weights, in training
  bool bias = true;         ///< of the projections in and out
  int64_t kdim = 0;         ///< of keys; 0: embed_dim
  int64_t vdim = 0;         ///< of values; 0: embed_dim
  bool batch_first = true;  ///< sequences as (B, T, ...); false: (T, B, ...), as PyTorch defaults
};

/// Masks have PyTorch's meaning: in a mask of u8, 1 (true) means NOT allowed, the opposite of the
/// masks of nn::Attention. A floating mask is added to the scores.
struct MultiheadMasks {
  Tensor key_padding_mask = {};      ///< (B, S): keys that are padding
  Variable attn_mask = {};           ///< (T, S), or (B num_heads, T, S)
  bool need_weights = true;          ///< compute the weights that are returned?
  bool average_attn_weights = true;  ///< over the heads
};

struct MultiheadResult {
  Variable output;   ///< (B, T, E), or (T, B, E)
  Variable weights;  ///< (B, T, S), (B, num_heads, T, S) when not averaged; undefined if not needed
};

/// Several attentions side by side, each over its own projection:
///   head_i = softmax(Q_i K_i^T / sqrt(E / num_heads)) V_i,  output = W_o [head_1; head_2; ...]
/// A query whose keys are all masked attends to nothing: its weights are zero and its output is the
/// bias of out_proj. Vaswani et al. 2017, "Attention is all you need", section 3.2.2.
/// Parameters have PyTorch's names, shapes and first numbers.
struct MultiheadAttention : Module {
  /// Throws Error for sizes that do not fit and a dropout outside [0, 1].
  explicit MultiheadAttention(MultiheadAttentionOptions options);

  /// query (B, T, E), key (B, S, kdim), value (B, S, vdim).
  MultiheadResult operator()(const Variable& query, const Variable& key, const Variable& value,
                             const MultiheadMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  MultiheadAttentionOptions options;
  std::optional<Parameter> in_proj_weight;  // (3 E, E) when kdim = vdim = E, else these three:
  std::optional<Parameter> q_proj_weight, k_proj_weight, v_proj_weight;  // (E, E | kdim | vdim)
  std::optional<Parameter> in_proj_bias;                                 // (3 E)
  Linear out_proj;
};

}  // namespace heed::nn
