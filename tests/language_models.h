#pragma once
// Small language models for the tests of decoding, with random parameters.

#include "heed/autograd/elementwise.h"
#include "heed/autograd/scaled_dot_product_attention.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/models/decode/language_model.h"
#include "heed/nn/embedding.h"
#include "heed/nn/linear.h"

/// One layer of causal self-attention, with learned positions as far as its context reaches.
struct TinyAttention : heed::models::LanguageModel {
  static constexpr int64_t size = 8;

  TinyAttention(int64_t tokens, int64_t context)
      : table({tokens, size}),
        positions({context, size}),
        q({size, size}),
        k({size, size}),
        v({size, size}),
        output({size, tokens}),
        limit(context) {
    for (const heed::Variable& p : parameters()) heed::mul_(p.value(), 2.0);
  }

  heed::Variable forward(const heed::Tensor& given,
                         heed::nn::AttentionMaps* = nullptr) const override {
    return logits(given, start(given.size(0))).first;
  }
  heed::models::DecoderState start(int64_t) const override {
    return {.caches = {heed::nn::KvCache(limit)}};
  }
  heed::models::DecoderStep read(const heed::Tensor& given,
                                 const heed::models::DecoderState& state) const override {
    const auto [all, cache] = logits(given, state);
    return {.logits = heed::select(all, 1, -1), .state = {.caches = {cache}}};
  }
  int64_t context() const override { return limit; }
  int64_t tokens() const override { return output.weight.size(0); }
  std::string type() const override { return "tiny_attention"; }
  heed::Json config() const override { return heed::Json::object(); }
  void members(heed::nn::MemberVisitor& visit) override {
    visit("table", table);
    visit("positions", positions);
    visit("q", q);
    visit("k", k);
    visit("v", v);
    visit("output", output);
  }

  /// Logits (B, T, V) of tokens behind those in the cache, and the cache with them.
  std::pair<heed::Variable, heed::nn::KvCache> logits(
      const heed::Tensor& given, const heed::models::DecoderState& state) const {
    const int64_t past = state.caches[0].length(), count = given.size(1);
    heed::require(past + count <= limit, "TinyAttention: ", past + count, " tokens");
    const heed::Variable x = table(given) + positions(heed::arange(past, past + count));
    const auto heads = [](const heed::Variable& y) { return heed::unsqueeze(y, 1); };
    const heed::nn::KvCache cache =
        state.caches[0].append(heads(k(x)).value(), heads(v(x)).value());
    const heed::Variable looked = heed::scaled_dot_product_attention(
        heads(q(x)), cache.keys(), cache.values(), {.is_causal = true, .past = past});
    return {output(x + heed::squeeze(looked, 1)), cache};
  }

  heed::nn::Embedding table, positions;
  heed::nn::Linear q, k, v, output;
  int64_t limit;
};
