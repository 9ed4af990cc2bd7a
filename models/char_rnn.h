#pragma once

#include "heed/models/decode/language_model.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/recurrent.h"

/// Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks", and his char-rnn:
/// a stack of recurrent layers that reads a text token by token and guesses the next one each time.
namespace heed::models {

struct CharRnnConfig {
  int64_t tokens = 0;
  int64_t embedding = 64;
  int64_t hidden = 128;
  int64_t layers = 2;
  std::string cell = "lstm";
  double dropout = 0;

  template <class V>
  void fields(V& visit) {
    visit("tokens", tokens, {.min = 1}, "size of the vocabulary");
    visit("embedding", embedding, {.min = 1, .max = 65536}, "size of the embeddings");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of each layer");
    visit("layers", layers, {.min = 1, .max = 64}, "recurrent layers");
    visit("cell", cell, {"lstm", "gru", "rnn"}, "recurrent cell");
    visit("dropout", dropout, {.min = 0, .max = 1},
          "share of each layer's outputs dropped in training");
  }
};

struct CharRnn : LanguageModel {
  /// Throws Error that names every field out of its range.
  explicit CharRnn(CharRnnConfig config);

  Variable forward(const Tensor& tokens, nn::AttentionMaps* maps = nullptr) const override;
  DecoderState start(int64_t batch) const override;
  DecoderStep read(const Tensor& tokens, const DecoderState& state) const override;
  int64_t context() const override { return 0; }
  int64_t tokens() const override { return settings.tokens; }
  std::string type() const override { return "char_rnn"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  CharRnnConfig settings;
  nn::Embedding embedding;
  nn::Recurrent layers;
  nn::Dropout dropout;
  nn::Linear output;

 private:
  RecurrentResult walk(const Tensor& tokens, const nn::RecurrentInput& from) const;
};

}  // namespace heed::models
