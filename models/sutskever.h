#pragma once

#include "heed/models/decode/decoder.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/recurrent.h"

/// Sutskever, Vinyals & Le 2014, "Sequence to sequence learning with neural networks": a deep LSTM
/// reads the source, and its last state is all that the LSTM which writes the target knows of it.
namespace heed::models {

struct SutskeverConfig {
  int64_t source_tokens = 0;
  int64_t target_tokens = 0;
  int64_t embedding = 128;
  int64_t hidden = 256;
  int64_t layers = 2;          ///< the paper has 4
  bool reverse_source = true;  ///< section 3.3: the source's last token is read first
  double dropout = 0.1;        ///< between the layers and on embeddings, in training

  template <class V>
  void fields(V& visit) {
    visit("source_tokens", source_tokens, {.min = 1}, "size of the source vocabulary");
    visit("target_tokens", target_tokens, {.min = 1}, "size of the target vocabulary");
    visit("embedding", embedding, {.min = 1, .max = 65536}, "size of the embeddings");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of each layer");
    visit("layers", layers, {.min = 1, .max = 64}, "layers of encoder and decoder");
    visit("reverse_source", reverse_source, "read the source from its end?");
    visit("dropout", dropout, {.min = 0, .max = 1},
          "share of embeddings and of layers' outputs dropped in training");
  }
};

struct Sutskever : Seq2Seq {
  /// Throws Error that names every field out of its range.
  explicit Sutskever(SutskeverConfig config);

  DecoderState encode(const Tensor& source, const Tensor& lengths) const override;
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const override;
  Variable forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                   nn::AttentionMaps* maps = nullptr) const override;
  std::string type() const override { return "sutskever"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  SutskeverConfig settings;
  nn::Embedding source_embedding, target_embedding;
  nn::Dropout dropout;
  nn::LSTM encoder, decoder;
  nn::Linear output;
};

}  // namespace heed::models
