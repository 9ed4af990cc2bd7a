#include <algorithm>
#include <charconv>
#include <string_view>

#include "bench.h"

namespace heed::bench {
namespace {

/// Takes the prefix and a size from the front of `text`; 0 where they do not stand there.
int64_t take_size(std::string_view& text, std::string_view prefix) {
  constexpr int64_t most = 65'536;
  if (!text.starts_with(prefix)) return 0;
  const std::string_view digits = text.substr(prefix.size());
  int64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || size < 1 || size > most) return 0;
  text = digits.substr(size_t(end - digits.data()));
  return size;
}

}  // namespace

std::span<const Workload> workloads() {
  static const Workload all[] = {
      {"sgemm-1024", "one f32 product of 1024 x 1024 matrices",
       [](Start& s) { return square_product(s, 1024); }},
      {"sgemm-2048", "the same of 2048 x 2048", [](Start& s) { return square_product(s, 2048); }},
      {"sgemm-4096", "the same of 4096 x 4096", [](Start& s) { return square_product(s, 4096); }},
      {"scalar", "micrograd's expression on 0-dim variables, recorded and differentiated", scalar},
      {"small-ops", "20 times y = tanh(y w + x) / 2 on (16, 16), recorded and differentiated",
       small_ops},
      {"mlp", "784-256-128-10, batch 64, Adam, no clipping", mlp},
      {"charrnn", "embedding 128, 2 x LSTM 128, 65 tokens, 50 steps, batch 50, RMSprop",
       [](Start& s) { return lstm(s, {.steps = 50, .batch = 50, .width = 128}); }},
      {"lstm-lm", "embedding 200, 2 x LSTM 200, 10,000 tokens, 35 steps, batch 20, SGD", lstm_lm},
      {"bilstm-cls", "embedding 100, BiLSTM 128, 10,000 tokens, 200 steps, batch 64, Adam",
       bilstm_cls},
      {"seq2seq", "GRU 256, additive attention, 4,000 and 3,000 tokens, 10 to 10, batch 32, Adam",
       seq2seq},
      {"g2p", "the quickstart's model: LSTM 256, additive attention, 9 to 9, batch 128, Adam", g2p},
      {"copy", "transformer 2 + 2, d 512, ff 2048, 8 heads, 11 tokens, length 10, batch 80, Adam",
       copy},
      {"nanogpt", "GPT, 4 layers, 4 heads, d 128, 64 of 65 tokens, batch 12, AdamW",
       [](Start& s) { return gpt(s, {.steps = 64, .batch = 12, .width = 128}); }},
      {"babygpt", "GPT, 6 layers, 6 heads, d 384, 256 of 65 tokens, batch 16, AdamW", babygpt},
      {"mt-base", "transformer 3 + 3, d 256, ff 512, 8 heads, 25 of 8,000 and 6,000, batch 128",
       mt_base},
      {"vit", "patches of 4 on 28 x 28, d 128, 6 layers, 4 heads, batch 128, AdamW", vit},
      {"gpt2-124M", "GPT-2 small, 64 tokens, batch 4, AdamW", gpt2},
      {"generate-baby", "64 tokens from babygpt, batch 1, greedy, cached",
       [](Start& s) { return generate_baby(s); }},
      {"generate-baby-bf16", "the same with weights of bf16, of heed alone",
       [](Start& s) { return generate_baby(s, CompactKind::bf16); }},
      {"generate-baby-int8", "the same with weights of int8, of heed alone",
       [](Start& s) { return generate_baby(s, CompactKind::int8); }},
      {"generate-124M", "32 tokens from GPT-2 small, batch 1, greedy, cached",
       [](Start& s) { return generate_gpt2(s); }},
      {"generate-124M-bf16", "the same with weights of bf16, of heed alone",
       [](Start& s) { return generate_gpt2(s, CompactKind::bf16); }},
      {"generate-124M-int8", "the same with weights of int8, of heed alone",
       [](Start& s) { return generate_gpt2(s, CompactKind::int8); }},
      {"beam", "beam of 5, batch 16, 25 tokens from mt-base", beam},
      {"long-512", "a causal attention layer, d 256, 4 heads, 512 tokens, forward and backward",
       [](Start& s) { return attention_layer(s, 512); }},
      {"long-1024", "the same, 1,024 tokens", [](Start& s) { return attention_layer(s, 1024); }},
      {"long-2048", "the same, 2,048 tokens", [](Start& s) { return attention_layer(s, 2048); }},
      {"long-4096", "the same, 4,096 tokens", [](Start& s) { return attention_layer(s, 4096); }},
      {"long-8192", "the same, 8,192 tokens", [](Start& s) { return attention_layer(s, 8192); }},
  };
  return all;
}

std::optional<Workload> sized_workload(const std::string& id) {
  struct Family {
    std::string_view prefix;
    Run (*make)(Start& start, const Sizes& sizes);
  };
  std::string_view rest = id;
  if (const int64_t steps = take_size(rest, "long-"); steps > 0 && rest.empty())
    return Workload{id, "", [=](Start& s) { return attention_layer(s, steps); }};
  for (const auto& [prefix, make] : {Family{"lstm-T", lstm}, Family{"gpt-T", gpt}}) {
    rest = id;
    Sizes sizes{.steps = take_size(rest, prefix)};
    sizes.batch = take_size(rest, "-B");
    sizes.width = take_size(rest, "-W");
    if (std::min({sizes.steps, sizes.batch, sizes.width}) > 0 && rest.empty())
      return Workload{id, "", [=, make = make](Start& s) { return make(s, sizes); }};
  }
  return std::nullopt;
}

}  // namespace heed::bench
