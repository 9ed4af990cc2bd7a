#include "heed/nn/transformer_encoder.h"

#include "heed/autograd/elementwise.h"

namespace heed::nn {

TransformerEncoderLayer::TransformerEncoderLayer(TransformerLayerOptions given)
    : options(given),
      self_attn({.embed_dim = options.d_model,
                 .num_heads = options.nhead,
                 .dropout = options.dropout,
                 .bias = options.bias,
                 .batch_first = options.batch_first,
                 .num_kv_heads = options.num_kv_heads,
                 .rotary = options.rotary}),
      linear1({options.d_model, activation_inputs(options.activation, options.dim_feedforward),
               options.bias}),
      linear2({options.dim_feedforward, options.d_model, options.bias}),
      norm1({options.norm, options.d_model, options.layer_norm_eps, options.bias}),
      norm2({options.norm, options.d_model, options.layer_norm_eps, options.bias}),
      dropout({options.dropout}),
      dropout1({options.dropout}),
      dropout2({options.dropout}) {}

void TransformerEncoderLayer::members(MemberVisitor& visit) {
  visit("self_attn", self_attn);
  visit("linear1", linear1);
  visit("dropout", dropout);
  visit("linear2", linear2);
  visit("norm1", norm1);
  visit("norm2", norm2);
  visit("dropout1", dropout1);
  visit("dropout2", dropout2);
}

Variable TransformerEncoderLayer::operator()(const Variable& src, const EncoderMasks& masks) const {
  const auto attend = [&](const Variable& x) {
    const MultiheadResult result = self_attn(x, x, x,
                                             {.key_padding_mask = masks.src_key_padding_mask,
                                              .attn_mask = masks.mask,
                                              .need_weights = masks.maps != nullptr,
                                              .average_attn_weights = false,
                                              .is_causal = masks.is_causal,
                                              .cache = masks.cache});
    if (masks.maps) masks.maps->layers.push_back(result.weights.value());
    return dropout1(result.output);
  };
  const auto feed_forward = [&](const Variable& x) {
    return dropout2(linear2(dropout(activate(linear1(x), options.activation))));
  };
  if (options.norm_first) {
    const Variable x = src + attend(norm1(src));
    return x + feed_forward(norm2(x));
  }
  const Variable x = norm1(src + attend(src));
  return norm2(x + feed_forward(x));
}

}  // namespace heed::nn
