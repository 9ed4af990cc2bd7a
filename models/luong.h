#pragma once

#include "heed/models/decode/decoder.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/recurrent.h"

/// Luong, Pham & Manning 2015, "Effective approaches to attention-based neural machine
/// translation": the decoder takes its step first, then looks at the source, and hands what it
/// found to its next step.
namespace heed::models {

struct LuongConfig {
  int64_t source_tokens = 0;
  int64_t target_tokens = 0;
  int64_t embedding = 128;
  int64_t hidden = 256;
  int64_t layers = 2;              ///< the paper has 4
  std::string score = "general";   ///< dot, general, concat: section 3.1; or another of nn::Score
  std::string alignment = "soft";  ///< section 3.1, "global"; or another of nn::Alignment
  double window = 10;              ///< of the local alignments: keys on each side
  double dropout = 0.1;            ///< between the layers and on embeddings, in training

  template <class V>
  void fields(V& visit) {
    visit("source_tokens", source_tokens, {.min = 1}, "size of the source vocabulary");
    visit("target_tokens", target_tokens, {.min = 1}, "size of the target vocabulary");
    visit("embedding", embedding, {.min = 1, .max = 65536}, "size of the embeddings");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of each layer");
    visit("layers", layers, {.min = 1, .max = 64}, "layers of encoder and decoder");
    visit("score", score, {"additive", "dot", "general", "scaled_dot", "concat", "location"},
          "attention's score");
    visit("alignment", alignment,
          {"soft", "local_monotonic", "local_predictive", "reinforce", "gumbel"},
          "how scores become weights");
    visit("window", window, {.min = 0.5}, "keys on each side of a local alignment's centre");
    visit("dropout", dropout, {.min = 0, .max = 1},
          "share of embeddings and of layers' outputs dropped in training");
  }
};

struct Luong : Seq2Seq {
  /// Throws Error that names every field out of its range.
  explicit Luong(LuongConfig config);

  DecoderState encode(const Tensor& source, const Tensor& lengths) const override;
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const override;
  Variable forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                   nn::AttentionMaps* maps = nullptr) const override;
  bool draws() const override { return settings.alignment == "reinforce"; }
  std::string type() const override { return "luong"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  LuongConfig settings;
  nn::Embedding source_embedding, target_embedding;
  nn::Dropout dropout;
  nn::LSTM encoder;
  std::vector<nn::LSTMCell> decoder;  // the first reads [embedding; attentional vector]
  nn::Attention attention;
  nn::Linear combine;  // W_c
  nn::Linear output;   // W_s

 private:
  struct Moment {
    Variable vector;  // the attentional vector, (B, H)
    std::vector<LstmState> layers = {};
    nn::AttentionLook look = {};
  };
  Moment advance(const Variable& y, const DecoderState& before) const;
  static std::vector<Variable> rows(const Moment& now);
};

}  // namespace heed::models
