#include <algorithm>

#include "bench.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/models/vit.h"
#include "heed/nn/loss.h"
#include "heed/nn/multihead_attention.h"
#include "heed/optim/adam.h"

namespace heed::bench {
namespace {

/// The products of a layer but its attention, for one token: queries, keys, values and the output
/// (C, C) each, the feed-forward network.
constexpr double layer(int64_t C, int64_t feedforward) {
  return product(1, C, 4 * C) + 2 * product(1, C, feedforward);
}

/// The learning rate is one at which 20 steps do not turn the last bits into another loss, as 1e-3
/// does without a warm-up.
Run language_model(Start& start, const models::GptConfig& config, int64_t batch, int64_t T) {
  const auto model = std::make_shared<models::Gpt>(config);
  start.weights(*model);
  const Tensor tokens = start.integers("tokens", config.tokens, {batch, T});
  const Tensor wanted = start.integers("wanted", config.tokens, {batch, T});
  const int64_t C = config.width;
  const double forward = double(config.layers) *
                             (double(batch * T) * layer(C, 4 * C) + causal_attention(batch, T, C)) +
                         product(batch * T, C, config.tokens);
  return run_of({.module = model,
                 .optimizer = std::make_shared<optim::AdamW>(model->named_parameters(),
                                                             optim::AdamWOptions{.lr = 1e-4}),
                 .loss = [=] { return nn::cross_entropy(model->forward(tokens), wanted); }},
                3 * forward, batch * T);
}

Run translator(Start& start, const models::TransformerConfig& config, int64_t batch, int64_t T) {
  const auto model = std::make_shared<models::Transformer>(config);
  start.weights(*model);
  const Tensor source = start.integers("source", config.source_tokens, {batch, T});
  const Tensor target = start.integers("target", config.target_tokens, {batch, T});
  const Tensor wanted = start.integers("wanted", config.target_tokens, {batch, T});
  const int64_t C = config.width;
  // A decoder layer attends to the source too: another four products of (C, C), and T keys.
  const double encoder = double(batch * T) * (layer(C, config.hidden) + 2 * product(1, T, C));
  const double decoder =
      double(batch * T) * (layer(C, config.hidden) + product(1, C, 4 * C) + 2 * product(1, T, C)) +
      causal_attention(batch, T, C);
  const double forward =
      double(config.layers) * (encoder + decoder) + product(batch * T, C, config.target_tokens);
  const auto loss = [=] {
    return nn::cross_entropy(model->forward(source, {}, target), wanted, {.label_smoothing = 0.1});
  };
  return run_of({.module = model,
                 .optimizer = std::make_shared<optim::Adam>(model->named_parameters(),
                                                            optim::AdamOptions{.lr = 1e-4}),
                 .loss = loss},
                3 * forward, batch * T);
}

}  // namespace

models::GptConfig babygpt_config() {
  return {.tokens = 65, .context = 256, .layers = 6, .heads = 6, .width = 384};
}

models::GptConfig gpt2_config() {
  return {.tokens = 50'257, .context = 1024, .layers = 12, .heads = 12, .width = 768};
}

models::TransformerConfig mt_base_config(double dropout) {
  return {.source_tokens = 8'000,
          .target_tokens = 6'000,
          .width = 256,
          .heads = 8,
          .layers = 3,
          .hidden = 512,
          .dropout = dropout,
          .tied = false};
}

Run copy(Start& start) {
  return translator(start,
                    {.source_tokens = 11,
                     .target_tokens = 11,
                     .width = 512,
                     .heads = 8,
                     .layers = 2,
                     .hidden = 2048,
                     .dropout = start.dropout(0.1),
                     .tied = false},
                    80, 10);
}

Run mt_base(Start& start) {
  return translator(start, mt_base_config(start.dropout(0.1)), mt_base_batch, mt_base_tokens);
}

Run gpt(Start& start, const Sizes& sizes) {
  return language_model(start,
                        {.tokens = 65,
                         .context = sizes.steps,
                         .layers = 4,
                         .heads = std::max<int64_t>(1, sizes.width / 32),
                         .width = sizes.width},
                        sizes.batch, sizes.steps);
}
Run babygpt(Start& start) { return language_model(start, babygpt_config(), 16, 256); }
Run gpt2(Start& start) { return language_model(start, gpt2_config(), 4, 64); }

Run vit(Start& start) {
  constexpr int64_t batch = 128, patches = 49, T = patches + 1;
  const auto model = std::make_shared<models::Vit>(models::VitConfig{.dropout = 0});
  start.weights(*model);
  const Tensor images = start.normals("images", {batch, 1, 28, 28});
  const Tensor labels = start.integers("labels", 10, {batch});
  const models::VitConfig& c = model->settings;
  const double encoder =
      double(c.layers * batch * T) * (layer(c.hidden, c.feedforward) + 2 * product(1, T, c.hidden));
  // The pixels need no gradient.
  const double flops = 2 * product(batch * patches, c.patch * c.patch, c.hidden) +
                       3 * (encoder + product(batch, c.hidden, c.classes));
  return run_of({.module = model,
                 .optimizer = std::make_shared<optim::AdamW>(model->named_parameters()),
                 .loss = [=] { return nn::cross_entropy(model->forward(images), labels); }},
                flops, batch);
}

Run attention_layer(Start& start, int64_t T) {
  constexpr int64_t C = 256;
  const auto attention = std::make_shared<nn::MultiheadAttention>(
      nn::MultiheadAttentionOptions{.embed_dim = C, .num_heads = 4});
  start.weights(*attention);
  const Variable x = Variable(start.normals("x", {1, T, C})).requires_grad_();
  const Tensor share = start.normals("share", {1, T, C});  // of each output in the result
  const auto result = [=] {
    const auto look = (*attention)(x, x, x, {.need_weights = false, .is_causal = true});
    return sum(look.output * share);
  };
  std::vector<Variable> leaves = attention->parameters();
  leaves.push_back(x);
  Run run = run_of(result, leaves, 3 * (product(T, C, 4 * C) + causal_attention(1, T, C)));
  run.items = T;
  run.parameters = nn::count_parameters(*attention).total;
  return run;
}

}  // namespace heed::bench
