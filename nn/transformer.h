#pragma once

#include "heed/nn/transformer_decoder.h"
#include "heed/nn/transformer_encoder.h"

namespace heed::nn {

struct TransformerOptions {
  TransformerLayerOptions layer = {.d_model = 512, .nhead = 8};
  int64_t num_encoder_layers = 6;
  int64_t num_decoder_layers = 6;
};

struct TransformerMasks {
  EncoderMasks source = {};
  DecoderMasks target = {};
};

/// Encoder and decoder, each with a norm at its end, without embeddings and output: torch.nn's
/// Transformer with its names ("encoder.layers.0.self_attn.in_proj_weight", "decoder.norm.weight")
/// and first numbers: every matrix as xavier_uniform_.
/// Vaswani et al. 2017, "Attention is all you need", figure 1.
struct Transformer : Module {
  /// Throws Error for sizes that do not fit.
  explicit Transformer(TransformerOptions options = {});
  /// src (B, S, E), tgt (B, T, E) -> (B, T, E)
  Variable operator()(const Variable& src, const Variable& tgt,
                      const TransformerMasks& masks = {}) const;
  void members(MemberVisitor& visit) override;

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

}  // namespace heed::nn
