#pragma once

#include <span>

#include "heed/nn/attention.h"
#include "heed/nn/dropout.h"
#include "heed/nn/multihead_attention.h"
#include "heed/nn/transformer_layer.h"

/// The reading half of Vaswani et al. 2017, "Attention is all you need". A layer of it with a
/// causal mask is a decoder-only language model's.
namespace heed::nn {

/// How the tokens of one call see each other. Masks have PyTorch's meaning (MultiheadMasks).
struct EncoderMasks {
  Variable mask = {};                ///< (T, T) and further shapes, as MultiheadMasks::attn_mask
  Tensor src_key_padding_mask = {};  ///< (B, T), as nn::padding_mask gives
  bool is_causal = false;            ///< each token sees itself and those before alone
  std::span<KvCache> caches = {};    ///< one for each layer, as MultiheadMasks::cache, or none
  AttentionMaps* maps = nullptr;     ///< receives weights (B, H, T, S) of each layer
};

/// Self-attention, then a feed-forward network, each with a residual and a norm:
///   x = norm1(x + self_attn(x)),  x = norm2(x + linear2(f(linear1(x))))
/// or, with norm_first, x = x + self_attn(norm1(x)),  x = x + linear2(f(linear1(norm2(x)))).
/// Section 3.1; Xiong et al. 2020, "On layer normalization in the transformer architecture".
/// Parameters have PyTorch's names, shapes and first numbers.
struct TransformerEncoderLayer : Module {
  /// Throws Error for sizes that do not fit.
  explicit TransformerEncoderLayer(TransformerLayerOptions options);
  /// (B, T, E) -> the same
  Variable operator()(const Variable& src, const EncoderMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  TransformerLayerOptions options;
  MultiheadAttention self_attn;
  Linear linear1, linear2;
  Norm norm1, norm2;
  Dropout dropout, dropout1, dropout2;
};

struct TransformerEncoderOptions {
  TransformerLayerOptions layer = {};
  int64_t num_layers = 6;
  bool final_norm = false;  ///< behind the last layer, which pre-norm needs
};

/// Layers one behind the other, and a norm if wanted: layers.0, layers.1, ... and norm.
struct TransformerEncoder : Module {
  /// Throws Error for no layers, and sizes that do not fit.
  explicit TransformerEncoder(TransformerEncoderOptions options);
  /// (B, T, E) -> the same
  Variable operator()(const Variable& src, const EncoderMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  std::vector<TransformerEncoderLayer> layers;
  std::optional<Norm> norm;
};

}  // namespace heed::nn
