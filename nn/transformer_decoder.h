#pragma once

#include <span>

#include "heed/nn/attention.h"
#include "heed/nn/dropout.h"
#include "heed/nn/transformer_layer.h"

/// The writing half of Vaswani et al. 2017, "Attention is all you need".
namespace heed::nn {

/// How the target's tokens see each other and the memory. Masks have PyTorch's meaning
/// (MultiheadMasks).
struct DecoderMasks {
  Variable tgt_mask = {};               ///< of the self-attention, (T, T)
  Variable memory_mask = {};            ///< (T, S)
  Tensor tgt_key_padding_mask = {};     ///< (B, T), as nn::padding_mask gives
  Tensor memory_key_padding_mask = {};  ///< (B, S)
  bool is_causal = false;               ///< each token sees itself and those before alone
  std::span<KvCache> caches = {};       ///< of the self-attentions: one for each layer, or none
  AttentionMaps* maps = nullptr;        ///< receives each layer's weights (B, H, T, S) of memory
};

/// Self-attention, attention to the memory, feed-forward network, each with a residual and a norm:
///   x = norm1(x + self_attn(x)),  x = norm2(x + multihead_attn(x, memory)),
///   x = norm3(x + linear2(f(linear1(x))))
/// or, with norm_first, x + f(norm(x)) each time. Section 3.1.
/// Parameters have PyTorch's names, shapes and first numbers.
struct TransformerDecoderLayer : Module {
  /// Throws Error for sizes that do not fit.
  explicit TransformerDecoderLayer(TransformerLayerOptions options);
  /// tgt (B, T, E), memory (B, S, E) -> (B, T, E)
  Variable operator()(const Variable& tgt, const Variable& memory,
                      const DecoderMasks& masks = {}) const;
  /// The same with the memory's keys and values computed before, multihead_attn.prepare(memory,
  /// memory): once for many steps.
  Variable operator()(const Variable& tgt, const MultiheadMemory& memory,
                      const DecoderMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  TransformerLayerOptions options;
  MultiheadAttention self_attn, multihead_attn;
  Linear linear1, linear2;
  Norm norm1, norm2, norm3;
  Dropout dropout, dropout1, dropout2, dropout3;
};

struct TransformerDecoderOptions {
  TransformerLayerOptions layer = {};
  int64_t num_layers = 6;
  bool final_norm = false;  ///< behind the last layer, which pre-norm needs
};

/// Layers one behind the other, and a norm if wanted: layers.0, layers.1, ... and norm.
struct TransformerDecoder : Module {
  /// Throws Error for no layers, and sizes that do not fit.
  explicit TransformerDecoder(TransformerDecoderOptions options);
  /// tgt (B, T, E), memory (B, S, E) -> (B, T, E)
  Variable operator()(const Variable& tgt, const Variable& memory,
                      const DecoderMasks& masks = {}) const;

  /// The memory's keys and values for every layer, computed once for many steps.
  std::vector<MultiheadMemory> prepare(const Variable& memory) const;
  Variable operator()(const Variable& tgt, std::span<const MultiheadMemory> memory,
                      const DecoderMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  std::vector<TransformerDecoderLayer> layers;
  std::optional<Norm> norm;
};

}  // namespace heed::nn
