#pragma once

#include "heed/models/decode/decoder.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/recurrent.h"

/// Bahdanau, Cho & Bengio 2015, "Neural machine translation by jointly learning to align and
/// translate": an encoder reads the source in both directions, a decoder looks back at all of it
/// before each step.
namespace heed::models {

struct BahdanauConfig {
  int64_t source_tokens = 0;
  int64_t target_tokens = 0;
  int64_t embedding = 128;
  int64_t hidden = 256;            ///< of the decoder; each direction of the encoder has half
  std::string cell = "lstm";       ///< or "gru", the paper's
  std::string score = "additive";  ///< the paper's; or another of nn::Score
  std::string alignment = "soft";  ///< the paper's; or another of nn::Alignment
  double window = 10;              ///< of the local alignments: keys on each side
  double dropout = 0.1;            ///< on embeddings, in training

  template <class V>
  void fields(V& visit) {
    visit("source_tokens", source_tokens, {.min = 1}, "size of the source vocabulary");
    visit("target_tokens", target_tokens, {.min = 1}, "size of the target vocabulary");
    visit("embedding", embedding, {.min = 1, .max = 65536}, "size of the embeddings");
    visit("hidden", hidden, {.min = 2, .max = 65536}, "units of the decoder, an even number");
    visit("cell", cell, {"lstm", "gru"}, "recurrent cell of encoder and decoder");
    visit("score", score, {"additive", "dot", "general", "scaled_dot", "concat", "location"},
          "attention's score");
    visit("alignment", alignment,
          {"soft", "local_monotonic", "local_predictive", "reinforce", "gumbel"},
          "how scores become weights");
    visit("window", window, {.min = 0.5}, "keys on each side of a local alignment's centre");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of embeddings dropped in training");
  }
};

struct Bahdanau : Seq2Seq {
  /// Throws Error that names every field out of its range.
  explicit Bahdanau(BahdanauConfig config);

  DecoderState encode(const Tensor& source, const Tensor& lengths) const override;
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const override;
  Variable forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                   nn::AttentionMaps* maps = nullptr) const override;
  bool draws() const override { return settings.alignment == "reinforce"; }
  std::string type() const override { return "bahdanau"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  BahdanauConfig settings;
  nn::Embedding source_embedding, target_embedding;
  nn::Dropout dropout;
  nn::Recurrent encoder;  // both directions, hidden / 2 each
  nn::Linear initial;     // h_0 from the encoder's last states
  nn::Attention attention;
  nn::RecurrentCell decoder;  // reads [embedding; context]
  nn::Linear output;          // logits from [h; context]

 private:
  struct Moment {
    LstmState state;  // s_i, (B, H)
    nn::AttentionLook look;
  };
  Moment advance(const Variable& y, const DecoderState& before) const;
  std::vector<Variable> rows(const Moment& now) const;
};

}  // namespace heed::models
