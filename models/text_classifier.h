#pragma once

#include "heed/models/classifier.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/linear.h"
#include "heed/nn/recurrent.h"

/// Yang et al. 2016, "Hierarchical attention networks for document classification", section 2.2:
/// a text is read in both directions, and a learned query picks the tokens that matter.
namespace heed::models {

struct TextClassifierConfig {
  int64_t tokens = 0;
  int64_t classes = 2;
  int64_t embedding = 64;
  int64_t hidden = 64;       ///< of each direction
  std::string cell = "gru";  ///< the paper's; or "lstm"
  double dropout = 0.2;

  template <class V>
  void fields(V& visit) {
    visit("tokens", tokens, {.min = 1}, "size of the vocabulary");
    visit("classes", classes, {.min = 2, .max = 1 << 20}, "number of classes");
    visit("embedding", embedding, {.min = 1, .max = 65536}, "size of the embeddings");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of each direction");
    visit("cell", cell, {"gru", "lstm"}, "recurrent cell");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of units dropped in training");
  }
};

struct TextClassifier : Classifier {
  /// Throws Error that names every field out of its range.
  explicit TextClassifier(TextClassifierConfig config);

  /// tokens (B, S) i64, short rows filled up with 0 at their end; maps get (B, 1, S).
  Variable forward(const Tensor& tokens, nn::AttentionMaps* maps = nullptr) const override;
  int64_t classes() const override { return settings.classes; }
  std::string type() const override { return "text_classifier"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  TextClassifierConfig settings;
  nn::Embedding embedding;
  nn::Dropout dropout;
  nn::Recurrent encoder;  // both directions
  nn::Linear attention;   // W_w and b_w, (2 H, 2 H)
  nn::Parameter context;  // u_w, (2 H)
  nn::Linear output;
};

}  // namespace heed::models
