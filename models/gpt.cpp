#include "heed/models/gpt.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/scaled_dot_product_attention.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/models/fields.h"
#include "heed/nn/containers.h"
#include "heed/nn/init.h"
#include "heed/nn/multihead_attention.h"
#include "heed/nn/positions.h"

namespace heed::models {
namespace {

GptConfig checked(GptConfig config) {
  check_fields(list_fields(config), "Gpt");
  require(config.width % config.heads == 0,
          "Gpt: expected a width that is a multiple of heads, got ", config.width, " and ",
          config.heads);
  require(config.positions != "rotary" || config.width / config.heads % 2 == 0,
          "Gpt: rotary positions need heads of an even size, got ", config.width / config.heads);
  return config;
}

nn::NormOptions norm_options(const GptConfig& config) {
  return {nn::norm_from_name(config.norm), config.width, 1e-5, config.bias};
}

/// Weights normal with the given deviation, biases 0.
void initialise(nn::Linear& layer, double deviation) {
  nn::init::normal_(layer.weight, 0, deviation);
  if (layer.bias) nn::init::zeros_(*layer.bias);
}

}  // namespace

GptBlock::GptBlock(const GptConfig& config)
    : heads(config.heads),
      rotary(config.positions == "rotary"),
      activation(nn::activation_from_name(config.activation)),
      ln_1(norm_options(config)),
      ln_2(norm_options(config)),
      c_attn({config.width, 3 * config.width, config.bias}),
      attn_c_proj({config.width, config.width, config.bias}),
      c_fc({config.width, nn::activation_inputs(activation, 4 * config.width), config.bias}),
      mlp_c_proj({4 * config.width, config.width, config.bias}),
      attn_dropout({config.dropout}),
      resid_dropout({config.dropout}) {
  const double residual = 0.02 / std::sqrt(2 * double(config.layers));  // section 2.3
  initialise(c_attn, 0.02);
  initialise(c_fc, 0.02);
  initialise(attn_c_proj, residual);
  initialise(mlp_c_proj, residual);
}

void GptBlock::members(nn::MemberVisitor& visit) {
  visit("ln_1", ln_1);
  visit("attn.c_attn", c_attn);
  visit("attn.c_proj", attn_c_proj);
  visit("attn.attn_dropout", attn_dropout);
  visit("attn.resid_dropout", resid_dropout);
  visit("ln_2", ln_2);
  visit("mlp.c_fc", c_fc);
  visit("mlp.c_proj", mlp_c_proj);
}

Variable GptBlock::attention(const Variable& x, const Variable& bias, nn::KvCache* cache,
                             nn::AttentionMaps* maps) const {
  const auto qkv = chunk(c_attn(x), 3, 2);  // (B, T, C) each
  Variable q = nn::split_heads(qkv[0], heads), k = nn::split_heads(qkv[1], heads),
           v = nn::split_heads(qkv[2], heads);  // (B, H, T, C / H)
  const int64_t past = cache ? cache->length() : 0;
  if (rotary) {
    q = nn::rotary(q, past);
    k = nn::rotary(k, past);
  }
  if (cache) {
    *cache = cache->append(k, v);
    k = cache->keys();
    v = cache->values();
  }
  const ScaledDotProductOptions how{
      .bias = bias, .is_causal = true, .past = past, .dropout_p = training ? attn_dropout.p : 0};
  if (maps) maps->layers.push_back(attention_weights(q, k, how).value());
  return attn_c_proj(nn::join_heads(scaled_dot_product_attention(q, k, v, how)));
}

Variable GptBlock::operator()(const Variable& given, const Variable& bias, nn::KvCache* cache,
                              nn::AttentionMaps* maps) const {
  const Variable x = given + resid_dropout(attention(ln_1(given), bias, cache, maps));
  return x + resid_dropout(mlp_c_proj(nn::activate(c_fc(ln_2(x)), activation)));
}

Gpt::Gpt(GptConfig given)
    : settings(checked(std::move(given))),
      wte({settings.tokens, settings.width}),
      drop({settings.dropout}),
      h(nn::repeat(settings.layers, [&] { return GptBlock(settings); })),
      ln_f(norm_options(settings)) {
  nn::init::normal_(wte.weight, 0, 0.02);
  if (settings.positions != "learned") return;
  wpe.emplace(nn::EmbeddingOptions{settings.context, settings.width});
  nn::init::normal_(wpe->weight, 0, 0.02);
}

void Gpt::members(nn::MemberVisitor& visit) {
  visit("transformer.wte", wte);
  visit("transformer.wpe", wpe);
  visit("transformer.drop", drop);
  visit("transformer.h", h);
  visit("transformer.ln_f", ln_f);
  visit("lm_head.weight", wte.weight);
}

Json Gpt::config() const { return fields_to_json(settings); }

Variable Gpt::hidden(const Tensor& tokens, std::vector<nn::KvCache>* caches,
                     nn::AttentionMaps* maps) const {
  require(tokens.dim() == 2 && tokens.dtype() == i64 && tokens.size(1) >= 1,
          "Gpt: expected tokens (batch, steps) of i64, got ", tokens.shape(), " of ",
          tokens.dtype());
  const int64_t past = caches ? caches->at(0).length() : 0, steps = tokens.size(1);
  require(past + steps <= settings.context, "Gpt: reads at most ", settings.context,
          " tokens, got ", past, " before and ", steps, " more");
  Variable x = wte(tokens);  // (B, T, C)
  if (wpe) x = x + (*wpe)(arange(past, past + steps));
  Variable bias;
  if (settings.positions == "alibi")
    bias = nn::alibi_bias(settings.heads, steps, past, {.dtype = x.dtype()});
  x = drop(x);
  for (size_t i = 0; i < h.size(); ++i) x = h[i](x, bias, caches ? &caches->at(i) : nullptr, maps);
  return ln_f(x);
}

Variable Gpt::forward(const Tensor& tokens, nn::AttentionMaps* maps) const {
  return linear(hidden(tokens, nullptr, maps), wte.weight);  // (B, T, V)
}

DecoderState Gpt::start(int64_t batch) const {
  require(batch >= 1, "Gpt: expected a batch of at least 1, got ", batch);
  return {.caches = std::vector<nn::KvCache>(h.size(), nn::KvCache(settings.context))};
}

DecoderStep Gpt::read(const Tensor& tokens, const DecoderState& state) const {
  require(state.caches.size() == h.size(), "Gpt: expected a state of ", h.size(),
          " caches, as start makes it, got ", state.caches.size());
  DecoderStep step{{}, state};
  const Variable x = hidden(tokens, &step.state.caches, nullptr);
  step.logits = linear(select(x, 1, x.size(1) - 1), wte.weight);  // (B, V)
  return step;
}

}  // namespace heed::models
