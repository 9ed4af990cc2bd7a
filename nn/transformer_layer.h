#pragma once

#include "heed/nn/activation.h"
#include "heed/nn/multihead_attention.h"
#include "heed/nn/rms_norm.h"

namespace heed::nn {

/// Of TransformerEncoderLayer and TransformerDecoderLayer: PyTorch's options and defaults (but for
/// batch_first), and three more.
struct TransformerLayerOptions {
  int64_t d_model = 0;             ///< E; a multiple of nhead
  int64_t nhead = 1;               ///< H
  int64_t dim_feedforward = 2048;  ///< units between linear1 and linear2
  double dropout = 0.1;            ///< on weights, hidden units and the outputs of all sublayers
  Activation activation = Activation::relu;
  double layer_norm_eps = 1e-5;  ///< of either norm
  bool batch_first = true;       ///< sequences as (B, T, E); false: (T, B, E), as PyTorch defaults
  bool norm_first = false;       ///< x + f(norm(x)) (pre-norm), or the paper's norm(x + f(x))
  bool bias = true;              ///< of all projections and norms
  NormKind norm = NormKind::layer_norm;
  int64_t num_kv_heads = 0;  ///< of the self-attention, as in MultiheadAttentionOptions
  bool rotary = false;       ///< in the self-attention
};

namespace detail {

/// The options as they are. Throws Error, in the name of the layer, for sizes that do not fit.
TransformerLayerOptions checked(const char* layer, const TransformerLayerOptions& options);
/// Throws Error unless x, called `name`, is (B, T, E), and there is at most one cache.
void check_call(const char* layer, const TransformerLayerOptions& options, const char* name,
                const Variable& x, size_t caches);

// The parts of a layer.
NormOptions norm_options(const TransformerLayerOptions& options);
MultiheadAttentionOptions self_attention_options(const TransformerLayerOptions& options);
LinearOptions linear1_options(const TransformerLayerOptions& options);
LinearOptions linear2_options(const TransformerLayerOptions& options);

}  // namespace detail
}  // namespace heed::nn
