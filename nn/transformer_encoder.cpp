#include "heed/nn/transformer_encoder.h"

#include <algorithm>

#include "heed/autograd/elementwise.h"
#include "heed/nn/containers.h"

namespace heed::nn {

TransformerEncoderLayer::TransformerEncoderLayer(TransformerLayerOptions given)
    : options(detail::checked("TransformerEncoderLayer", given)),
      self_attn(detail::self_attention_options(options)),
      linear1(detail::linear1_options(options)),
      linear2(detail::linear2_options(options)),
      norm1(detail::norm_options(options)),
      norm2(detail::norm_options(options)),
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
  detail::check_call("TransformerEncoderLayer", options, "src", src, masks.caches.size());
  const auto attend = [&](const Variable& x) {
    const MultiheadResult result =
        self_attn(x, x, x,
                  {.key_padding_mask = masks.src_key_padding_mask,
                   .attn_mask = masks.mask,
                   .need_weights = masks.maps != nullptr,
                   .average_attn_weights = false,
                   .is_causal = masks.is_causal,
                   .cache = masks.caches.empty() ? nullptr : &masks.caches[0]});
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

TransformerEncoder::TransformerEncoder(TransformerEncoderOptions options)
    : layers(repeat(options.num_layers, [&] { return TransformerEncoderLayer(options.layer); })) {
  require(!layers.empty(), "TransformerEncoder: expected at least 1 layer");
  if (options.final_norm) norm.emplace(detail::norm_options(options.layer));
}

void TransformerEncoder::members(MemberVisitor& visit) {
  visit("layers", layers);
  visit("norm", norm);
}

Variable TransformerEncoder::operator()(const Variable& src, const EncoderMasks& masks) const {
  require(masks.caches.empty() || masks.caches.size() == layers.size(),
          "TransformerEncoder: expected a cache for each of ", layers.size(), " layers, got ",
          masks.caches.size());
  std::vector<KvCache> caches(masks.caches.begin(), masks.caches.end());
  Variable x = src;
  for (size_t i = 0; i < layers.size(); ++i) {
    EncoderMasks own = masks;
    if (!caches.empty()) own.caches = std::span(caches).subspan(i, 1);
    x = layers[i](x, own);
  }
  std::move(caches.begin(), caches.end(), masks.caches.begin());
  return norm ? (*norm)(x) : x;
}

}  // namespace heed::nn
