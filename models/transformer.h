#pragma once

#include "heed/models/decode/decoder.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/transformer_decoder.h"
#include "heed/nn/transformer_encoder.h"

/// Vaswani et al. 2017, "Attention is all you need": an encoder and a decoder of attention and
/// feed-forward layers alone, without recurrence.
namespace heed::models {

struct TransformerConfig {
  int64_t source_tokens = 0;
  int64_t target_tokens = 0;
  int64_t width = 256;
  int64_t heads = 4;
  int64_t layers = 3;  ///< of the encoder, and of the decoder
  int64_t hidden = 1024;
  double dropout = 0.1;
  bool norm_first = true;           ///< easier to train than the paper's post-norm
  std::string activation = "relu";  ///< the paper's
  bool tied = true;                 ///< is the output's matrix that of the target's embedding?

  template <class V>
  void fields(V& visit) {
    visit("source_tokens", source_tokens, {.min = 1}, "size of the source vocabulary");
    visit("target_tokens", target_tokens, {.min = 1}, "size of the target vocabulary");
    visit("width", width, {.min = 1, .max = 65536}, "units of a token, a multiple of heads");
    visit("heads", heads, {.min = 1, .max = 1024}, "attention heads of a layer");
    visit("layers", layers, {.min = 1, .max = 1024}, "layers of the encoder, and of the decoder");
    visit("hidden", hidden, {.min = 1, .max = 1 << 20}, "units of the feed-forward networks");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of units dropped in training");
    visit("norm_first", norm_first, "norms before each sublayer, not behind it?");
    visit("activation", activation, {"relu", "gelu", "gelu_tanh", "silu", "swiglu"},
          "of the feed-forward networks");
    visit("tied", tied, "one matrix for the target's embedding and the output?");
  }
};

struct Transformer : Seq2Seq {
  /// Throws Error that names every field out of its range.
  explicit Transformer(TransformerConfig config);

  DecoderState encode(const Tensor& source, const Tensor& lengths) const override;
  /// weights: the mean over all layers and heads.
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const override;
  /// maps receives weights (B, heads, T, S) of each of the decoder's layers.
  Variable forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                   nn::AttentionMaps* maps = nullptr) const override;
  std::string type() const override { return "transformer"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  TransformerConfig settings;
  nn::Embedding source_embedding, target_embedding;
  nn::Dropout dropout;
  nn::TransformerEncoder encoder;
  nn::TransformerDecoder decoder;
  std::optional<nn::Linear> output;  // unless tied

 private:
  Variable embed(const nn::Embedding& table, const Tensor& ids, int64_t past) const;
  Variable memory_of(const Tensor& source, const Tensor& padding) const;
  Variable logits(const Variable& x) const;
};

}  // namespace heed::models
