#include "heed/nn/transformer_layer.h"

namespace heed::nn::detail {

NormOptions norm_options(const TransformerLayerOptions& options) {
  return {options.norm, options.d_model, options.layer_norm_eps, options.bias};
}

MultiheadAttentionOptions self_attention_options(const TransformerLayerOptions& options) {
  return {.embed_dim = options.d_model,
          .num_heads = options.nhead,
          .dropout = options.dropout,
          .bias = options.bias,
          .batch_first = options.batch_first,
          .num_kv_heads = options.num_kv_heads,
          .rotary = options.rotary};
}

LinearOptions linear1_options(const TransformerLayerOptions& options) {
  return {options.d_model, activation_inputs(options.activation, options.dim_feedforward),
          options.bias};
}

LinearOptions linear2_options(const TransformerLayerOptions& options) {
  return {options.dim_feedforward, options.d_model, options.bias};
}

}  // namespace heed::nn::detail
