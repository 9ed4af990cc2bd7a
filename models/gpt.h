#pragma once

#include "heed/models/decode/language_model.h"
#include "heed/nn/activation.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/rms_norm.h"

/// Radford et al. 2019, "Language models are unsupervised multitask learners" (GPT-2): a stack of
/// pre-norm blocks, each token attending to itself and those before it. Names, shapes and first
/// numbers of parameters are nanoGPT's.
namespace heed::models {

struct GptConfig {
  int64_t tokens = 0;
  int64_t context = 256;
  int64_t layers = 4;
  int64_t heads = 4;
  int64_t width = 128;
  double dropout = 0;
  bool bias = true;
  std::string positions = "learned";  ///< the paper's; or rotary, alibi
  std::string norm = "layer_norm";    ///< the paper's; or rms_norm
  std::string activation = "gelu";    ///< nanoGPT's; gelu_tanh is GPT-2's

  template <class V>
  void fields(V& visit) {
    visit("tokens", tokens, {.min = 1}, "size of the vocabulary");
    visit("context", context, {.min = 1, .max = 1 << 20}, "the longest sequence that it reads");
    visit("layers", layers, {.min = 1, .max = 1024}, "number of blocks");
    visit("heads", heads, {.min = 1, .max = 1024}, "attention heads of a block");
    visit("width", width, {.min = 1, .max = 65536}, "units of a token, a multiple of heads");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of units dropped in training");
    visit("bias", bias, "biases in projections and norms?");
    visit("positions", positions, {"learned", "rotary", "alibi"}, "how tokens know their places");
    visit("norm", norm, {"layer_norm", "rms_norm"}, "what is normalised before each sublayer");
    visit("activation", activation, {"gelu", "gelu_tanh", "relu", "silu", "swiglu"},
          "of the feed-forward network");
  }
};

/// x + attention(ln_1(x)), then x + mlp(ln_2(x)); section 2.3.
struct GptBlock : nn::Module {
  explicit GptBlock(const GptConfig& config);
  /// x (B, T, C) -> the same; bias as for scaled_dot_product_attention, or empty. A cache, if
  /// given, has what was read before and receives what is read now; maps as for Gpt::forward.
  Variable operator()(const Variable& x, const Variable& bias, nn::KvCache* cache,
                      nn::AttentionMaps* maps) const;
  void members(nn::MemberVisitor& visit) override;

  int64_t heads;
  bool rotary;
  nn::Activation activation;
  nn::Norm ln_1, ln_2;
  nn::Linear c_attn, attn_c_proj;  // (3 C, C), (C, C)
  nn::Linear c_fc, mlp_c_proj;     // (4 C, C), (C, 4 C)
  nn::Dropout attn_dropout, resid_dropout;

 private:
  Variable attention(const Variable& x, const Variable& bias, nn::KvCache* cache,
                     nn::AttentionMaps* maps) const;
};

struct Gpt : LanguageModel {
  /// Throws Error that names every field out of its range.
  explicit Gpt(GptConfig config);

  Variable forward(const Tensor& tokens, nn::AttentionMaps* maps = nullptr) const override;
  DecoderState start(int64_t batch) const override;
  DecoderStep read(const Tensor& tokens, const DecoderState& state) const override;
  int64_t context() const override { return settings.context; }
  int64_t tokens() const override { return settings.tokens; }
  std::string type() const override { return "gpt"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  GptConfig settings;
  nn::Embedding wte;                 // (tokens, C), of the input and, transposed, of the output
  std::optional<nn::Embedding> wpe;  // (context, C), if positions are learned
  nn::Dropout drop;
  std::vector<GptBlock> h;
  nn::Norm ln_f;

 private:
  /// The last block's output (B, T, C), normed; reads behind the caches if there are any.
  Variable hidden(const Tensor& tokens, std::vector<nn::KvCache>* caches,
                  nn::AttentionMaps* maps) const;
};

}  // namespace heed::models
