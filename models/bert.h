#pragma once

#include "heed/models/fields.h"
#include "heed/models/model.h"
#include "heed/nn/attention.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/layer_norm.h"
#include "heed/nn/linear.h"

/// Devlin et al. 2019, "BERT: Pre-training of deep bidirectional transformers for language
/// understanding": a stack of post-norm blocks in which every token attends to every other. Names,
/// shapes and first numbers of parameters are those of Hugging Face's BertModel and
/// BertForPreTraining; id 0 is [PAD], whose word embedding starts at 0 and learns nothing as input.
namespace heed::models {

struct BertConfig {
  int64_t tokens = 0;
  int64_t context = 512;
  int64_t layers = 12;
  int64_t heads = 12;
  int64_t width = 768;
  int64_t intermediate = 3072;
  int64_t token_types = 2;
  double dropout = 0.1;
  double eps = 1e-12;

  template <class V>
  void fields(V& visit) {
    visit("tokens", tokens, {.min = 1}, "size of the vocabulary");
    visit("context", context, {.min = 1, .max = 1 << 20}, "the longest sequence that it reads");
    visit("layers", layers, {.min = 1, .max = 1024}, "number of blocks");
    visit("heads", heads, {.min = 1, .max = 1024}, "attention heads of a block");
    visit("width", width, {.min = 1, .max = 65536}, "units of a token, a multiple of heads");
    visit("intermediate", intermediate, {.min = 1, .max = 1 << 20}, "units of the feed-forward");
    visit("token_types", token_types, {.min = 1, .max = 1024}, "kinds of segments");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of units dropped in training");
    visit("eps", eps, {.min = 1e-20, .max = 0.1}, "of the norms");
  }
};

/// x = norm(x + attention(x)), then norm(x + W_2 gelu(W_1 x)); section 3 and Vaswani et al. 2017.
struct BertLayer : nn::Module {
  explicit BertLayer(const BertConfig& config);
  /// x (B, T, C) -> the same; keys u8 (B, 1, 1, T), 1 where a token may be attended, or empty.
  Variable operator()(const Variable& x, const Tensor& keys, nn::AttentionMaps* maps) const;
  void members(nn::MemberVisitor& visit) override;

  int64_t heads;
  nn::Linear query, key, value, attention_output;  // (C, C)
  nn::Linear intermediate, output;                 // (I, C), (C, I)
  nn::LayerNorm attention_norm, output_norm;
  nn::Dropout dropout;
};

/// What BERT reads.
struct BertTokens {
  Tensor ids;               ///< (B, T) i64
  Tensor mask = {};         ///< (B, T) u8, 0 where a row is filled up; none: all are tokens
  Tensor token_types = {};  ///< (B, T) i64, 1 in the second segment; none: all 0
};

struct BertResult {
  Variable hidden;  ///< (B, T, C)
  Variable pooled;  ///< (B, C): tanh(W h_0 + b) of the first token, [CLS]
};

struct Bert : Model {
  /// Throws Error that names every field out of its range.
  explicit Bert(BertConfig config);

  /// maps, if given, receives weights (B, heads, T, T) of each layer.
  BertResult operator()(const BertTokens& tokens, nn::AttentionMaps* maps = nullptr) const;
  std::string type() const override { return "bert"; }
  Json config() const override { return fields_to_json(settings); }
  void members(nn::MemberVisitor& visit) override;

  BertConfig settings;
  nn::Embedding word_embeddings, position_embeddings, token_type_embeddings;
  nn::LayerNorm norm;
  nn::Dropout dropout;
  std::vector<BertLayer> layers;
  nn::Linear pooler;  // (C, C)
};

struct BertPredictions {
  Variable tokens;         ///< (B, T, V): logits of the token that was there
  Variable next_sentence;  ///< (B, 2): logits, class 0: the second segment follows the first
};

/// BERT with the two heads that it learns with: the masked language model and the next sentence
/// (section 3.1). The table of words serves the output too.
struct BertForPreTraining : Model {
  explicit BertForPreTraining(BertConfig config);

  BertPredictions operator()(const BertTokens& tokens, nn::AttentionMaps* maps = nullptr) const;
  std::string type() const override { return "bert_for_pretraining"; }
  Json config() const override { return bert.config(); }
  void members(nn::MemberVisitor& visit) override;

  Bert bert;
  nn::Linear transform;  // (C, C)
  nn::LayerNorm transform_norm;
  nn::Parameter bias;           // (V)
  nn::Linear seq_relationship;  // (2, C)
};

}  // namespace heed::models
