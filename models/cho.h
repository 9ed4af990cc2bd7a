#pragma once

#include "heed/models/decode/decoder.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/recurrent.h"

/// Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for statistical
/// machine translation": a GRU reads the source into one vector c, which the GRU that writes the
/// target is shown at every step.
namespace heed::models {

struct ChoConfig {
  int64_t source_tokens = 0;
  int64_t target_tokens = 0;
  int64_t embedding = 128;
  int64_t hidden = 256;
  double dropout = 0.1;  ///< on embeddings, in training

  template <class V>
  void fields(V& visit) {
    visit("source_tokens", source_tokens, {.min = 1}, "size of the source vocabulary");
    visit("target_tokens", target_tokens, {.min = 1}, "size of the target vocabulary");
    visit("embedding", embedding, {.min = 1, .max = 65536}, "size of the embeddings");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of encoder and decoder");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of embeddings dropped in training");
  }
};

struct Cho : Seq2Seq {
  /// Throws Error that names every field out of its range.
  explicit Cho(ChoConfig config);

  DecoderState encode(const Tensor& source, const Tensor& lengths) const override;
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const override;
  Variable forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                   nn::AttentionMaps* maps = nullptr) const override;
  std::string type() const override { return "cho"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  ChoConfig settings;
  nn::Embedding source_embedding, target_embedding;
  nn::Dropout dropout;
  nn::GRU encoder;
  nn::Linear summary;  // c from the encoder's last state
  nn::Linear initial;  // the decoder's first state from c
  nn::GRU decoder;     // reads [embedding; c]
  nn::Linear maxout;   // from [h; embedding; c], two numbers for each unit
  nn::Linear output;

 private:
  struct Walk {
    Variable logits;  // (B, T, V)
    Variable h;       // (1, B, H), the state after the last step
  };
  Walk walk(const Tensor& target_in, const DecoderState& from) const;
};

}  // namespace heed::models
