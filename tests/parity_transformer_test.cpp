// Transformer layers and GPT, as PyTorch computes them from the same parameters.
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/gpt.h"
#include "heed/models/transformer.h"
#include "heed/nn/loss.h"
#include "heed/nn/transformer.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

Variable run_rms_norm(Run& r) {
  nn::RMSNorm norm({.normalized_shape = r.integer("size"),
                    .eps = *r.number("eps"),
                    .elementwise_affine = r.flag("elementwise_affine")});
  r.load(norm);
  return norm(r[0]);
}

nn::TransformerLayerOptions layer_options(const Run& r) {
  return {.d_model = r.integer("d_model"),
          .nhead = r.integer("nhead"),
          .dim_feedforward = r.integer("dim_feedforward"),
          .dropout = 0,
          .activation = nn::activation_from_name(r.word("activation", "relu")),
          .layer_norm_eps = r.number("layer_norm_eps", 1e-5),
          .batch_first = r.flag("batch_first", true),
          .norm_first = r.flag("norm_first"),
          .bias = r.flag("bias", true)};
}

/// Inputs: x, and both masks or none.
Variable run_encoder_layer(Run& r) {
  nn::TransformerEncoderLayer layer(layer_options(r));
  r.load(layer);
  nn::EncoderMasks masks{.src_key_padding_mask = r.tensor(2)};
  if (r.size() > 1) masks.mask = r[1];
  return layer(r[0], masks);
}

/// Inputs: target and memory, and three masks or none.
Variable run_decoder_layer(Run& r) {
  nn::TransformerDecoderLayer layer(layer_options(r));
  r.load(layer);
  nn::DecoderMasks masks{.memory_key_padding_mask = r.tensor(4)};
  if (r.size() > 2) masks.tgt_mask = r[2];
  if (r.size() > 2) masks.memory_mask = r[3];
  return layer(r[0], r[1], masks);
}

Variable run_transformer(Run& r) {
  nn::Transformer module(
      {.layer = layer_options(r), .num_encoder_layers = 1, .num_decoder_layers = 1});
  r.load(module);
  return module(r[0], r[1], {.target = {.tgt_mask = r[2]}});
}

Variable run_seq2seq(Run& r) {
  models::Transformer model({.source_tokens = r.integer("source_tokens"),
                             .target_tokens = r.integer("target_tokens"),
                             .width = r.integer("width"),
                             .heads = r.integer("heads"),
                             .layers = r.integer("layers"),
                             .hidden = r.integer("hidden"),
                             .dropout = 0,
                             .norm_first = r.flag("norm_first"),
                             .tied = r.flag("tied")});
  r.load(model);
  return model.forward(r.tensor(0), r.tensor(1), r.tensor(2));
}

models::Gpt make_gpt(Run& r) {
  models::Gpt model({.tokens = r.integer("tokens"),
                     .context = r.integer("context"),
                     .layers = r.integer("layers"),
                     .heads = r.integer("heads"),
                     .width = r.integer("width"),
                     .bias = r.flag("bias", true)});
  r.load(model);
  return model;
}

Variable vector_of(const std::vector<double>& numbers) {
  return Variable(from_values(numbers, {int64_t(numbers.size())}));
}

/// 20 steps of AdamW on four batches in turn, decaying matrices alone.
Variables train_gpt(Run& r) {
  models::Gpt model = make_gpt(r);
  std::vector<NamedVariable> matrices, others;
  for (const NamedVariable& p : r.parameters())
    (p.variable.dim() >= 2 ? matrices : others).push_back(p);
  const optim::AdamWOptions options{
      .lr = *r.number("lr"), .betas = {0.9, 0.95}, .eps = *r.number("eps")};
  optim::AdamWOptions decayed = options, kept = options;
  decayed.weight_decay = *r.number("weight_decay");
  kept.weight_decay = 0;
  optim::AdamW adam({{matrices, decayed}, {others, kept}});
  const double clip = *r.number("clip");
  std::vector<double> losses, norms;
  for (int64_t step = 0; step < 20; ++step) {
    const Tensor batch = r.tensor(0)[step % 4];  // (3, context + 1)
    const Variable logits = model.forward(narrow(batch, 1, 0, batch.size(1) - 1));
    const Variable loss = nn::cross_entropy(logits, narrow(batch, 1, 1, batch.size(1) - 1));
    adam.zero_grad();
    loss.backward();
    norms.push_back(optim::clip_grad_norm_(r.parameters(), clip));
    adam.step();
    losses.push_back(loss.item());
  }
  return {vector_of(losses), vector_of(norms)};
}

}  // namespace

TEST_CASE("parity: transformer") {
  check_parity("transformer",
               {
                   {"RMSNorm", [](Run& r) { return run_rms_norm(r); }},
                   {"TransformerEncoderLayer", [](Run& r) { return run_encoder_layer(r); }},
                   {"TransformerDecoderLayer", [](Run& r) { return run_decoder_layer(r); }},
                   {"Transformer", [](Run& r) { return run_transformer(r); }},
                   {"Seq2Seq", [](Run& r) { return run_seq2seq(r); }},
                   {"Gpt", [](Run& r) { return make_gpt(r).forward(r.tensor(0)); }},
               });
}

TEST_CASE("parity: 20 training steps of GPT") {
  check_parity("gpt", {{"Gpt", [](Run& r) { return train_gpt(r); }}});
}
