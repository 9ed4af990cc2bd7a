#include "heed/nn/transformer_decoder.h"

#include <algorithm>

#include "heed/autograd/elementwise.h"
#include "heed/nn/containers.h"

namespace heed::nn {
namespace {

/// The attention to the memory: as the self-attention, but every head has keys of its own, and
/// positions are those of another sequence.
MultiheadAttentionOptions cross_attention_options(const TransformerLayerOptions& options) {
  MultiheadAttentionOptions cross = detail::self_attention_options(options);
  cross.num_kv_heads = 0;
  cross.rotary = false;
  return cross;
}

}  // namespace

TransformerDecoderLayer::TransformerDecoderLayer(TransformerLayerOptions given)
    : options(detail::checked("TransformerDecoderLayer", given)),
      self_attn(detail::self_attention_options(options)),
      multihead_attn(cross_attention_options(options)),
      linear1(detail::linear1_options(options)),
      linear2(detail::linear2_options(options)),
      norm1(detail::norm_options(options)),
      norm2(detail::norm_options(options)),
      norm3(detail::norm_options(options)),
      dropout({options.dropout}),
      dropout1({options.dropout}),
      dropout2({options.dropout}),
      dropout3({options.dropout}) {}

void TransformerDecoderLayer::members(MemberVisitor& visit) {
  visit("self_attn", self_attn);
  visit("multihead_attn", multihead_attn);
  visit("linear1", linear1);
  visit("dropout", dropout);
  visit("linear2", linear2);
  visit("norm1", norm1);
  visit("norm2", norm2);
  visit("norm3", norm3);
  visit("dropout1", dropout1);
  visit("dropout2", dropout2);
  visit("dropout3", dropout3);
}

Variable TransformerDecoderLayer::operator()(const Variable& tgt, const Variable& memory,
                                             const DecoderMasks& masks) const {
  detail::check_call("TransformerDecoderLayer", options, "memory", memory, 0);
  return (*this)(tgt, multihead_attn.prepare(memory, memory), masks);
}

Variable TransformerDecoderLayer::operator()(const Variable& tgt, const MultiheadMemory& memory,
                                             const DecoderMasks& masks) const {
  detail::check_call("TransformerDecoderLayer", options, "tgt", tgt, masks.caches.size());
  std::vector<KvCache> caches(masks.caches.begin(), masks.caches.end());
  const auto attend = [&](const Variable& x) {
    return dropout1(self_attn(x, x, x,
                              {.key_padding_mask = masks.tgt_key_padding_mask,
                               .attn_mask = masks.tgt_mask,
                               .need_weights = false,
                               .is_causal = masks.is_causal,
                               .cache = caches.empty() ? nullptr : &caches[0]})
                        .output);
  };
  const auto look = [&](const Variable& x) {
    const MultiheadResult result =
        multihead_attn(x, memory,
                       {.key_padding_mask = masks.memory_key_padding_mask,
                        .attn_mask = masks.memory_mask,
                        .need_weights = masks.maps != nullptr,
                        .average_attn_weights = false});
    if (masks.maps) masks.maps->layers.push_back(result.weights.value());
    return dropout2(result.output);
  };
  const auto feed_forward = [&](const Variable& x) {
    return dropout3(linear2(dropout(activate(linear1(x), options.activation))));
  };
  Variable x;
  if (options.norm_first) {
    x = tgt + attend(norm1(tgt));
    x = x + look(norm2(x));
    x = x + feed_forward(norm3(x));
  } else {
    x = norm1(tgt + attend(tgt));
    x = norm2(x + look(x));
    x = norm3(x + feed_forward(x));
  }
  std::move(caches.begin(), caches.end(), masks.caches.begin());
  return x;
}

TransformerDecoder::TransformerDecoder(TransformerDecoderOptions options)
    : layers(repeat(options.num_layers, [&] { return TransformerDecoderLayer(options.layer); })) {
  require(!layers.empty(), "TransformerDecoder: expected at least 1 layer");
  if (options.final_norm) norm.emplace(detail::norm_options(options.layer));
}

void TransformerDecoder::members(MemberVisitor& visit) {
  visit("layers", layers);
  visit("norm", norm);
}

Variable TransformerDecoder::operator()(const Variable& tgt, const Variable& memory,
                                        const DecoderMasks& masks) const {
  return (*this)(tgt, prepare(memory), masks);
}

std::vector<MultiheadMemory> TransformerDecoder::prepare(const Variable& memory) const {
  std::vector<MultiheadMemory> prepared;
  for (const TransformerDecoderLayer& layer : layers)
    prepared.push_back(layer.multihead_attn.prepare(memory, memory));
  return prepared;
}

Variable TransformerDecoder::operator()(const Variable& tgt,
                                        std::span<const MultiheadMemory> memory,
                                        const DecoderMasks& masks) const {
  require(memory.size() == layers.size() &&
              (masks.caches.empty() || masks.caches.size() == layers.size()),
          "TransformerDecoder: expected a memory and a cache (or no cache) for each of ",
          layers.size(), " layers, got ", memory.size(), " and ", masks.caches.size());
  std::vector<KvCache> caches(masks.caches.begin(), masks.caches.end());
  Variable x = tgt;
  for (size_t i = 0; i < layers.size(); ++i) {
    DecoderMasks own = masks;
    if (!caches.empty()) own.caches = std::span(caches).subspan(i, 1);
    x = layers[i](x, memory[i], own);
  }
  std::move(caches.begin(), caches.end(), masks.caches.begin());
  return norm ? (*norm)(x) : x;
}

}  // namespace heed::nn
