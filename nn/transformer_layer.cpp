#include "heed/nn/transformer_layer.h"

namespace heed::nn::detail {

TransformerLayerOptions checked(const char* layer, const TransformerLayerOptions& options) {
  require(options.d_model >= 1 && options.nhead >= 1 && options.d_model % options.nhead == 0, layer,
          ": expected a d_model that is a multiple of nhead, got ", options.d_model, " and ",
          options.nhead);
  require(options.dim_feedforward >= 1, layer, ": dim_feedforward must be at least 1, got ",
          options.dim_feedforward);
  require(options.dropout >= 0 && options.dropout <= 1, layer,
          ": expected a dropout in [0, 1], got ", options.dropout);
  return options;
}

void check_call(const char* layer, const TransformerLayerOptions& options, const char* name,
                const Variable& x, size_t caches) {
  require(x.defined() && x.dim() == 3 && x.size(2) == options.d_model, layer, ": expected ", name,
          options.batch_first ? " (B, T, " : " (T, B, ", options.d_model, "), got ",
          x.defined() ? text(x.shape()) : "nothing");
  require(caches <= 1, layer, ": expected one cache or none, got ", caches);
}

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
