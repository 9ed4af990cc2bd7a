// Losses, layers, recurrent layers and attention, from PyTorch's state dicts: as PyTorch computes
// them.
#include "heed/autograd/shape.h"
#include "heed/nn/attention.h"
#include "heed/nn/containers.h"
#include "heed/nn/embedding.h"
#include "heed/nn/layer_norm.h"
#include "heed/nn/linear.h"
#include "heed/nn/loss.h"
#include "heed/nn/multihead_attention.h"
#include "heed/nn/recurrent.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

nn::Reduction reduction(const Run& r) {
  const std::string word = r.word("reduction", "mean");
  if (word == "sum") return nn::Reduction::sum;
  return word == "none" ? nn::Reduction::none : nn::Reduction::mean;
}

Variable cross_entropy(const Run& r) {
  return nn::cross_entropy(r[0], r.tensor(1),
                           {.ignore_index = r.integer("ignore_index", -100),
                            .label_smoothing = r.number("label_smoothing", 0),
                            .weight = r.tensor(2),
                            .reduction = reduction(r)});
}

Variable nll_loss(const Run& r) {
  return nn::nll_loss(r[0], r.tensor(1),
                      {.ignore_index = r.integer("ignore_index", -100),
                       .weight = r.tensor(2),
                       .reduction = reduction(r)});
}

Variable bce_with_logits(const Run& r) {
  return nn::binary_cross_entropy_with_logits(
      r[0], r[1], {.pos_weight = r.tensor(2), .reduction = reduction(r)});
}

Variable run_linear(Run& r) {
  nn::Linear linear({r.integer("in_features"), r.integer("out_features"), r.flag("bias", true)});
  r.load(linear);
  return linear(r[0]);
}

Variable run_embedding(Run& r) {
  nn::EmbeddingOptions options{r.integer("num_embeddings"), r.integer("embedding_dim")};
  if (const auto padding = r.number("padding_idx")) options.padding_idx = int64_t(*padding);
  nn::Embedding embedding(options);
  r.load(embedding);
  return embedding(r.tensor(0));
}

Variable run_layer_norm(Run& r) {
  nn::LayerNorm norm({.normalized_shape = r.dims("shape"),
                      .eps = r.number("eps", 1e-5),
                      .elementwise_affine = r.flag("elementwise_affine", true),
                      .bias = r.flag("bias", true)});
  r.load(norm);
  return norm(r[0]);
}

Variable run_sequential(Run& r) {
  const std::string activation = r.word("activation");
  nn::Sequential net(nn::Linear({3, 4}));
  if (activation == "tanh") net.push_back(nn::Tanh());
  if (activation == "relu") net.push_back(nn::ReLU());
  if (activation == "sigmoid") net.push_back(nn::Sigmoid());
  if (activation == "gelu") net.push_back(nn::GELU());
  net.push_back(nn::Linear({4, 2}));
  r.load(net);
  return net(r[0]);
}

/// Inputs: x, h_0 and c_0 (with "initial"), lengths (with "lengths").
Variables run_recurrent(Run& r, RecurrentKind kind) {
  nn::Recurrent layer(kind, {.input_size = r.integer("input_size"),
                             .hidden_size = r.integer("hidden_size"),
                             .num_layers = r.integer("num_layers", 1),
                             .bias = r.flag("bias", true),
                             .batch_first = r.flag("batch_first", true),
                             .bidirectional = r.flag("bidirectional")});
  r.load(layer);
  nn::RecurrentInput input;
  if (r.flag("initial")) input.h_0 = r[1];
  if (r.flag("initial") && kind == RecurrentKind::lstm) input.c_0 = r[2];
  if (r.flag("lengths")) input.lengths = r.tensor(r.size() - 1);
  const RecurrentResult result = layer(r[0], input);
  if (kind == RecurrentKind::lstm) return {result.output, result.h_n, result.c_n};
  return {result.output, result.h_n};
}

/// Inputs: x, and h and c or nothing.
Variables run_cell(Run& r, RecurrentKind kind) {
  nn::RecurrentCell cell(kind, {.input_size = r.integer("input_size"),
                                .hidden_size = r.integer("hidden_size"),
                                .bias = r.flag("bias", true)});
  r.load(cell);
  LstmState state;
  if (r.size() > 1) state.h = r[1];
  if (r.size() > 2) state.c = r[2];
  const auto [h, c] = cell(r[0], state);
  if (kind == RecurrentKind::lstm) return {h, c};
  return {h};
}

/// Inputs: one sequence or query, key and value; then the masks that are named.
Variables run_multihead(Run& r) {
  nn::MultiheadAttention attention({.embed_dim = r.integer("embed_dim"),
                                    .num_heads = r.integer("num_heads"),
                                    .bias = r.flag("bias", true),
                                    .kdim = r.integer("kdim", 0),
                                    .vdim = r.integer("vdim", 0),
                                    .batch_first = r.flag("batch_first", true)});
  r.load(attention);
  const bool self = r.flag("self_attention");
  const std::string names = r.word("masks");
  const bool padding = names.find("padding") != std::string::npos;
  size_t next = self ? 1 : 3;
  nn::MultiheadMasks masks{.need_weights = r.flag("need_weights", true),
                           .average_attn_weights = r.flag("average_attn_weights", true)};
  if (padding) masks.key_padding_mask = r.tensor(next++);
  if (next < r.size()) masks.attn_mask = r[next];
  const auto [output, weights] =
      self ? attention(r[0], r[0], r[0], masks) : attention(r[0], r[1], r[2], masks);
  return weights.defined() ? Variables{output, weights} : Variables{output};
}

Variables run_attention(Run& r) {
  nn::Attention attention({.score = nn::score_from_name(r.word("score")),
                           .query_size = r.integer("query_size"),
                           .key_size = r.integer("key_size"),
                           .hidden_size = r.integer("hidden_size")});
  r.load(attention);
  const auto look = attention(r[0], attention.prepare(r[1]), r.tensor(2));
  return {look.context, look.weights};
}

Variables additive(Run& r) {
  const auto [context, weights] = additive_attention(r[0], r[1], r[2], r[3], r.tensor(4));
  return {context, weights};
}

}  // namespace

TEST_CASE("parity: loss") {
  check_parity(
      "loss",
      {
          {"cross_entropy", [](Run& r) { return cross_entropy(r); }},
          {"nll_loss", [](Run& r) { return nll_loss(r); }},
          {"mse_loss", [](Run& r) { return nn::mse_loss(r[0], r[1], reduction(r)); }},
          {"l1_loss", [](Run& r) { return nn::l1_loss(r[0], r[1], reduction(r)); }},
          {"hinge_loss", [](Run& r) { return nn::hinge_loss(r[0], r.tensor(1), reduction(r)); }},
          {"bce_with_logits", [](Run& r) { return bce_with_logits(r); }},
      });
}

TEST_CASE("parity: layer") {
  check_parity("layer", {
                            {"Linear", [](Run& r) { return run_linear(r); }},
                            {"Embedding", [](Run& r) { return run_embedding(r); }},
                            {"LayerNorm", [](Run& r) { return run_layer_norm(r); }},
                            {"Sequential", [](Run& r) { return run_sequential(r); }},
                        });
}

TEST_CASE("parity: recurrent") {
  using enum RecurrentKind;
  check_parity("recurrent", {
                                {"LSTM", [](Run& r) { return run_recurrent(r, lstm); }},
                                {"GRU", [](Run& r) { return run_recurrent(r, gru); }},
                                {"RNN", [](Run& r) { return run_recurrent(r, rnn_tanh); }},
                                {"RNN_relu", [](Run& r) { return run_recurrent(r, rnn_relu); }},
                                {"LSTMCell", [](Run& r) { return run_cell(r, lstm); }},
                                {"GRUCell", [](Run& r) { return run_cell(r, gru); }},
                                {"RNNCell", [](Run& r) { return run_cell(r, rnn_tanh); }},
                                {"RNN_reluCell", [](Run& r) { return run_cell(r, rnn_relu); }},
                            });
}

TEST_CASE("parity: attention") {
  check_parity(
      "attention",
      {
          {"MultiheadAttention", [](Run& r) { return run_multihead(r); }},
          {"Attention", [](Run& r) { return run_attention(r); }},
          {"additive_attention", [](Run& r) { return additive(r); }},
          {"length_mask", [](Run& r) { return nn::length_mask(r.tensor(0), r.integer("steps")); }},
      });
}
