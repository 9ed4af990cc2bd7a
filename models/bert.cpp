#include "heed/models/bert.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/scaled_dot_product_attention.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/shape.h"
#include "heed/nn/containers.h"
#include "heed/nn/init.h"
#include "heed/nn/multihead_attention.h"

namespace heed::models {
namespace {

constexpr double deviation = 0.02;  // of all first weights

BertConfig checked(BertConfig config) {
  check_fields(list_fields(config), "Bert");
  require(config.width % config.heads == 0,
          "Bert: expected a width that is a multiple of heads, got ", config.width, " and ",
          config.heads);
  return config;
}

nn::Linear linear_layer(int64_t in, int64_t out) {
  nn::Linear layer({in, out});
  nn::init::normal_(layer.weight, 0, deviation);
  nn::init::zeros_(*layer.bias);
  return layer;
}

nn::Embedding table(int64_t rows, int64_t width) {
  nn::Embedding embedding({rows, width});
  nn::init::normal_(embedding.weight, 0, deviation);
  return embedding;
}

nn::Embedding word_table(int64_t rows, int64_t width) {
  nn::Embedding embedding = table(rows, width);
  embedding.padding_idx = 0;
  embedding.weight.value()[0].fill_(0);
  return embedding;
}

nn::LayerNorm norm_of(const BertConfig& config) {
  return nn::LayerNorm({.normalized_shape = {config.width}, .eps = config.eps});
}

std::string text_of(const Tensor& x) {
  return x.defined() ? text(x.shape()) + " of " + text(x.dtype()) : "nothing";
}

void check_tokens(const BertTokens& tokens, int64_t context) {
  const auto& [ids, mask, types] = tokens;
  require(ids.defined() && ids.dim() == 2 && ids.dtype() == i64 && ids.size(1) >= 1,
          "Bert: expected ids (batch, steps) of i64, with a step, got ", text_of(ids));
  require(ids.size(1) <= context, "Bert: reads at most ", context, " tokens, got ", ids.size(1));
  require(!mask.defined() || (mask.dtype() == u8 && mask.shape() == ids.shape()),
          "Bert: expected a mask of u8 and shape ", ids.shape(), ", got ", text_of(mask),
          mask.defined() && mask.dtype() != u8 ? "; to(mask, u8) converts" : "");
  require(!types.defined() || (types.dtype() == i64 && types.shape() == ids.shape()),
          "Bert: expected token_types of i64 and shape ", ids.shape(), ", got ", text_of(types));
}

}  // namespace

BertLayer::BertLayer(const BertConfig& config)
    : heads(config.heads),
      query(linear_layer(config.width, config.width)),
      key(linear_layer(config.width, config.width)),
      value(linear_layer(config.width, config.width)),
      attention_output(linear_layer(config.width, config.width)),
      intermediate(linear_layer(config.width, config.intermediate)),
      output(linear_layer(config.intermediate, config.width)),
      attention_norm(norm_of(config)),
      output_norm(norm_of(config)),
      dropout({config.dropout}) {}

void BertLayer::members(nn::MemberVisitor& visit) {
  visit("attention.self.query", query);
  visit("attention.self.key", key);
  visit("attention.self.value", value);
  visit("attention.output.dense", attention_output);
  visit("attention.output.LayerNorm", attention_norm);
  visit("attention.output.dropout", dropout);
  visit("intermediate.dense", intermediate);
  visit("output.dense", output);
  visit("output.LayerNorm", output_norm);
}

Variable BertLayer::operator()(const Variable& given, const Tensor& keys,
                               nn::AttentionMaps* maps) const {
  const Variable q = nn::split_heads(query(given), heads), k = nn::split_heads(key(given), heads),
                 v = nn::split_heads(value(given), heads);  // (B, H, T, C / H)
  const ScaledDotProductOptions how{.mask = keys, .dropout_p = training ? dropout.p : 0};
  if (maps) maps->layers.push_back(attention_weights(q, k, how).value());
  const Variable seen = nn::join_heads(scaled_dot_product_attention(q, k, v, how));  // (B, T, C)
  const Variable x = attention_norm(given + dropout(attention_output(seen)));
  return output_norm(x + dropout(output(gelu(intermediate(x)))));
}

Bert::Bert(BertConfig given)
    : settings(checked(given)),
      word_embeddings(word_table(settings.tokens, settings.width)),
      position_embeddings(table(settings.context, settings.width)),
      token_type_embeddings(table(settings.token_types, settings.width)),
      norm(norm_of(settings)),
      dropout({settings.dropout}),
      layers(nn::repeat(settings.layers, [&] { return BertLayer(settings); })),
      pooler(linear_layer(settings.width, settings.width)) {}

void Bert::members(nn::MemberVisitor& visit) {
  visit("embeddings.word_embeddings", word_embeddings);
  visit("embeddings.position_embeddings", position_embeddings);
  visit("embeddings.token_type_embeddings", token_type_embeddings);
  visit("embeddings.LayerNorm", norm);
  visit("embeddings.dropout", dropout);
  visit("encoder.layer", layers);
  visit("pooler.dense", pooler);
}

BertResult Bert::operator()(const BertTokens& tokens, nn::AttentionMaps* maps) const {
  check_tokens(tokens, settings.context);
  const int64_t batch = tokens.ids.size(0), steps = tokens.ids.size(1);
  const Tensor types = tokens.token_types.defined() ? tokens.token_types : zeros_like(tokens.ids);
  const Tensor keys = tokens.mask.defined() ? reshape(tokens.mask, {batch, 1, 1, steps}) : Tensor();
  const Variable x = word_embeddings(tokens.ids) + token_type_embeddings(types) +
                     position_embeddings(arange(steps));  // (B, T, C)
  Variable hidden = dropout(norm(x));
  for (const BertLayer& layer : layers) hidden = layer(hidden, keys, maps);
  return {hidden, tanh(pooler(select(hidden, 1, 0)))};
}

BertForPreTraining::BertForPreTraining(BertConfig given)
    : bert(given),
      transform(linear_layer(given.width, given.width)),
      transform_norm(norm_of(given)),
      bias(zeros({given.tokens})),
      seq_relationship(linear_layer(given.width, 2)) {}

void BertForPreTraining::members(nn::MemberVisitor& visit) {
  visit("bert", bert);
  visit("cls.predictions.bias", bias);
  visit("cls.predictions.transform.dense", transform);
  visit("cls.predictions.transform.LayerNorm", transform_norm);
  visit("cls.predictions.decoder.weight", bert.word_embeddings.weight);
  visit("cls.predictions.decoder.bias", bias);
  visit("cls.seq_relationship", seq_relationship);
}

BertPredictions BertForPreTraining::operator()(const BertTokens& tokens,
                                               nn::AttentionMaps* maps) const {
  const auto [hidden, pooled] = bert(tokens, maps);
  const Variable x = transform_norm(gelu(transform(hidden)));  // (B, T, C)
  return {linear(x, bert.word_embeddings.weight, bias), seq_relationship(pooled)};
}

}  // namespace heed::models
