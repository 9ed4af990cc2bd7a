// Transformer layers beyond PyTorch's: norms, activations, grouped queries, positions, caches. What
// PyTorch has is in parity_transformer_test.cpp.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/recording.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/index.h"
#include "heed/core/random.h"
#include "heed/core/shape.h"
#include "heed/nn/positions.h"
#include "heed/nn/transformer.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr double bar = 1e-13;

Tensor random(const Shape& shape) { return randn(shape, {.dtype = f64}); }

nn::TransformerLayerOptions tiny() {
  return {.d_model = 8, .nhead = 4, .dim_feedforward = 6, .dropout = 0};
}

template <class Layer, class Options>
Layer make(const Options& options) {
  manual_seed(6);
  Layer layer(options);
  fill_with_patterns(layer);
  return layer;
}

/// The options that make a layer what it is.
std::vector<nn::TransformerLayerOptions> kinds() {
  std::vector<nn::TransformerLayerOptions> all(4, tiny());
  all[1].norm_first = true;
  all[1].norm = nn::NormKind::rms_norm;
  all[1].activation = nn::Activation::swiglu;
  all[1].bias = false;
  all[2].num_kv_heads = 2;
  all[2].rotary = true;
  all[2].activation = nn::Activation::gelu_tanh;
  all[3].num_kv_heads = 1;
  all[3].batch_first = false;
  all[3].activation = nn::Activation::silu;
  return all;
}

}  // namespace

TEST_CASE("activations by name") {
  const Tensor x = random({3, 4});
  const auto run = [&](const char* name) {
    return nn::activate(x, nn::activation_from_name(name)).value();
  };
  CHECK(same_bits(run("relu"), relu(x)));
  CHECK(same_bits(run("gelu"), gelu(x)));
  CHECK(same_bits(run("gelu_tanh"), gelu(x, GeluForm::tanh)));
  CHECK(same_bits(run("silu"), silu(x)));
  CHECK(same_bits(run("swiglu"), silu(narrow(x, 1, 0, 2)) * narrow(x, 1, 2, 2)));
  CHECK(nn::activation_inputs(nn::Activation::swiglu, 5) == 10);
  CHECK(nn::activation_inputs(nn::Activation::gelu, 5) == 5);
  check_error([] { nn::activation_from_name("elu"); }, "activation: expected relu, gelu,");
  check_error([] { nn::activate(zeros({2, 3}), nn::Activation::swiglu); }, "swiglu: expected x");
}

TEST_CASE("RMSNorm and Norm") {
  nn::RMSNorm norm({.normalized_shape = 4});
  CHECK(norm.eps == nn::NormOptions().eps);
  CHECK(parameter_names(norm) == std::vector<std::string>{"weight"});
  CHECK(norm(tensor({{1.0, 1.0, 1.0, 1.0}})).value().at({0, 0}) == Approx(1).epsilon(1e-5));
  nn::Norm layer({.size = 4}), rms({.kind = nn::norm_from_name("rms_norm"), .size = 4});
  CHECK(parameter_names(layer) == std::vector<std::string>{"weight", "bias"});
  CHECK(parameter_names(rms) == std::vector<std::string>{"weight"});
  nn::Norm copy = layer;
  copy.parameters()[0].value().fill_(3);
  CHECK(values(layer.parameters()[0].value()) == Values(4, 1));
  check_error([] { nn::RMSNorm({.normalized_shape = 0}); }, "normalized_shape must be at least 1");
  check_error([] { nn::RMSNorm({.normalized_shape = 2, .eps = 4}); },
              "RMSNorm: eps must be in (0, 1)");
  check_error([&] { norm(zeros({2, 3})); }, "RMSNorm: expected x (..., 4), got (2, 3)");
  check_error([] { nn::norm_from_name("batch_norm"); }, "expected layer_norm or rms_norm");
}

TEST_CASE("TransformerEncoderLayer: names and shapes of the parameters") {
  nn::TransformerEncoderLayer layer(kinds()[2]);
  CHECK(parameter_names(layer) ==
        std::vector<std::string>{"self_attn.in_proj_weight", "self_attn.in_proj_bias",
                                 "self_attn.out_proj.weight", "self_attn.out_proj.bias",
                                 "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias",
                                 "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"});
  CHECK(layer.self_attn.in_proj_weight->shape() == Shape{8 + 2 * 4, 8});
  CHECK(nn::TransformerEncoderLayer(kinds()[1]).linear1.weight.shape() == Shape{12, 8});
}

TEST_CASE("grouped queries are those of full attention with repeated keys and values") {
  auto grouped = make<nn::MultiheadAttention>(
      nn::MultiheadAttentionOptions{.embed_dim = 8, .num_heads = 4, .num_kv_heads = 2});
  auto full =
      make<nn::MultiheadAttention>(nn::MultiheadAttentionOptions{.embed_dim = 8, .num_heads = 4});
  // Rows of in_proj: 8 of queries, then 2 heads of keys and 2 of values, each twice in `full`.
  const Tensor index =
      tensor({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 15, 14, 15});
  full.in_proj_weight->value().copy_(index_select(grouped.in_proj_weight->value(), 0, index));
  full.in_proj_bias->value().copy_(index_select(grouped.in_proj_bias->value(), 0, index));
  full.out_proj = grouped.out_proj;
  const Variable x = random({2, 5, 8});
  const auto a = grouped(x, x, x, {.average_attn_weights = false, .is_causal = true});
  const auto b = full(x, x, x, {.average_attn_weights = false, .is_causal = true});
  CHECK(distance(a.output.value(), b.output.value()) < bar);
  CHECK(distance(a.weights.value(), b.weights.value()) < bar);
}

TEST_CASE("sequences that share a memory attend as if each had its own") {
  auto layer =
      make<nn::MultiheadAttention>(nn::MultiheadAttentionOptions{.embed_dim = 8, .num_heads = 4});
  const Variable x = random({6, 2, 8}), y = random({3, 5, 8});
  const Tensor twice = tensor({0, 0, 1, 1, 2, 2}), padding = nn::padding_mask(tensor({5, 0, 2}), 5);
  const Variable copies = index_select(y.value(), 0, twice);
  for (const bool average : {false, true}) {
    const auto shared = layer(x, layer.prepare(y, y),
                              {.key_padding_mask = padding, .average_attn_weights = average});
    const auto apart = layer(
        x, copies, copies,
        {.key_padding_mask = index_select(padding, 0, twice), .average_attn_weights = average});
    CHECK(distance(shared.output.value(), apart.output.value()) < bar);
    CHECK(distance(shared.weights.value(), apart.weights.value()) < bar);
  }
}

TEST_CASE("MultiheadAttention: is_causal, masks and biases are one another's equals") {
  auto layer =
      make<nn::MultiheadAttention>(nn::MultiheadAttentionOptions{.embed_dim = 8, .num_heads = 4});
  const Variable x = random({2, 5, 8});
  const auto run = [&](nn::MultiheadMasks masks) { return layer(x, x, x, masks).output.value(); };
  const Tensor future = triu(ones({5, 5}, {.dtype = u8}), 1);
  const Tensor causal = run({.need_weights = false, .is_causal = true});
  CHECK(distance(causal, run({.attn_mask = future})) < bar);
  CHECK(distance(causal, run({.attn_mask = reshape(future, {1, 1, 5, 5})})) < bar);
  const Tensor bias = nn::alibi_bias(4, 5, 0, {.dtype = f64});
  const Tensor added = to(future, f64) * -1e300 + bias;  // (1, 4, 5, 5)
  const Tensor repeated = reshape(contiguous(expand(added, {2, 4, 5, 5})), {8, 5, 5});
  CHECK(distance(run({.attn_mask = bias, .is_causal = true}), run({.attn_mask = repeated})) < bar);
  CHECK(distance(causal, run({.attn_mask = bias, .is_causal = true})) > 1e-6);
  const auto memory = layer.prepare(x, x);
  CHECK(same_bits(layer(x, memory, {.is_causal = true}).output.value(), causal));
}

TEST_CASE("a layer with a cache gives the outputs of the whole sequence") {
  const NoGrad no_grad;
  for (const auto& options : kinds()) {
    const auto layer = make<nn::TransformerEncoderLayer>(options);
    const int time = options.batch_first ? 1 : 0;
    const Tensor x = options.batch_first ? random({2, 6, 8}) : random({6, 2, 8});
    const Tensor whole = layer(x, {.is_causal = true}).value();
    nn::KvCache cache(6);
    int64_t read = 0;
    for (const int64_t count : {3, 1, 2}) {
      const Tensor y =
          layer(narrow(x, time, read, count), {.is_causal = true, .caches = std::span(&cache, 1)})
              .value();
      CHECK(distance(y, narrow(whole, time, read, count)) < bar);
      read += count;
    }
  }
}

TEST_CASE("layers: later tokens change nothing before, bit for bit; padding changes nothing") {
  const NoGrad no_grad;
  for (const auto& options : kinds()) {
    const auto layer = make<nn::TransformerEncoderLayer>(options);
    const int time = options.batch_first ? 1 : 0;
    const auto padded = [&](const Tensor& x, double with) {
      const Tensor end = full(narrow(x, time, 0, 2).shape(), with, {.dtype = f64});
      return cat({narrow(x, time, 0, 4), end}, time);
    };
    const Tensor x = options.batch_first ? random({2, 6, 8}) : random({6, 2, 8});
    const auto causal = [&](const Tensor& input) {
      return narrow(layer(input, {.is_causal = true}).value(), time, 0, 4);
    };
    CHECK(same_bits(causal(x), causal(padded(x, 7))));
    const Tensor padding = to(tensor({{0, 0, 0, 0, 1, 1}, {0, 0, 0, 0, 1, 1}}), u8);
    const Tensor masked = layer(padded(x, 7), {.src_key_padding_mask = padding}).value();
    CHECK(distance(narrow(masked, time, 0, 4), layer(narrow(x, time, 0, 4)).value()) < bar);
  }
}

TEST_CASE("layers: a sequence that is padding throughout makes no NaN") {
  auto layer = make<nn::TransformerEncoderLayer>(tiny());
  const Variable x = Variable(random({2, 3, 8})).requires_grad_();
  const Tensor padding = to(tensor({{0, 0, 0}, {1, 1, 1}}), u8);
  const Variable y = layer(x, {.src_key_padding_mask = padding});
  sum(square(y)).backward();
  CHECK(sum(isfinite(y)).item() == 48);
  CHECK(sum(isfinite(x.grad())).item() == 48);
  for (const Variable& p : layer.parameters()) CHECK(sum(isfinite(p.grad())).item() == p.numel());
}

TEST_CASE("gradients of encoder and decoder layers") {
  for (const auto& options : kinds()) {
    auto encoder = make<nn::TransformerEncoderLayer>(options);
    auto decoder = make<nn::TransformerDecoderLayer>(options);
    std::vector<Variable> inputs = encoder.parameters();
    for (const Variable& p : decoder.parameters()) inputs.push_back(p);
    const bool first = options.batch_first;
    inputs.push_back(Variable(random(first ? Shape{1, 3, 8} : Shape{3, 1, 8})).requires_grad_());
    inputs.push_back(Variable(random(first ? Shape{1, 2, 8} : Shape{2, 1, 8})).requires_grad_());
    const auto result = gradcheck(
        [&](std::span<const Variable> in) -> std::vector<Variable> {
          const Variable memory = encoder(in[in.size() - 2], {.is_causal = true});
          return {decoder(in.back(), memory, {.is_causal = true})};
        },
        inputs, {.entries_per_input = 2});
    INFO(result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("stacks: layers in turn, then the norm; caches and maps of each layer") {
  const NoGrad no_grad;
  manual_seed(8);
  nn::TransformerEncoder encoder({tiny(), 3, true});
  nn::TransformerDecoder decoder({tiny(), 2, false});
  encoder.to(f64);
  decoder.to(f64);
  const Tensor x = random({2, 4, 8}), y = random({2, 3, 8});
  nn::AttentionMaps maps;
  const Tensor memory = encoder(x, {.maps = &maps}).value();
  CHECK(maps.layers.size() == 3);
  CHECK(maps.layers[2].shape() == Shape{2, 4, 4, 4});
  CHECK(same_bits(
      memory, (*encoder.norm)(encoder.layers[2](encoder.layers[1](encoder.layers[0](x)))).value()));
  const Tensor whole = decoder(y, memory, {.is_causal = true}).value();
  std::vector<nn::KvCache> caches(2);
  const auto prepared = decoder.prepare(memory);
  for (int64_t t = 0; t < 3; ++t) {
    const Variable step =
        decoder(narrow(y, 1, t, 1), prepared, {.is_causal = true, .caches = caches});
    CHECK(distance(step.value(), narrow(whole, 1, t, 1)) < bar);
  }
  caches.pop_back();
  check_error(
      [&] { decoder(y, prepared, {.caches = caches}); },
      "TransformerDecoder: expected a memory and a cache (or no cache) for each of 2 layers");
  check_error([] { nn::TransformerEncoder({tiny(), 0}); }, "expected at least 1 layer");
}

TEST_CASE("nn::Transformer: matrices start as xavier, the target sees the source") {
  manual_seed(9);
  nn::Transformer module({.layer = tiny(), .num_encoder_layers = 1, .num_decoder_layers = 1});
  const auto names = parameter_names(module);
  CHECK(names.front() == "encoder.layers.0.self_attn.in_proj_weight");
  CHECK(names.back() == "decoder.norm.bias");
  const double bound = std::sqrt(6.0 / (8 + 6));
  CHECK(largest(values(module.encoder.layers[0].linear1.weight.value())) <= bound);
  CHECK(largest(values(module.encoder.layers[0].linear1.weight.value())) > 0.8 * bound);
  const Tensor x = randn({2, 4, 8}), y = randn({2, 3, 8});
  CHECK(module(x, y).shape() == Shape{2, 3, 8});
  CHECK(distance(module(x, y).value(), module(-x, y).value()) > 1e-2);
}

TEST_CASE("MultiheadAttention says what it expected of its new options") {
  check_error([] { nn::MultiheadAttention({.embed_dim = 8, .num_heads = 4, .num_kv_heads = 3}); },
              "num_kv_heads that divide num_heads, got 3 and 4");
  check_error([] { nn::MultiheadAttention({.embed_dim = 6, .num_heads = 2, .rotary = true}); },
              "rotary needs heads of an even size, got 3");
  const nn::MultiheadAttention layer({.embed_dim = 4, .num_heads = 2, .rotary = true});
  const Variable x = randn({2, 3, 4});
  check_error([&] { layer.prepare(x, x); }, "rotary positions are those of one sequence");
  const nn::MultiheadAttention plain({.embed_dim = 4, .num_heads = 2});
  nn::KvCache cache;
  check_error([&] { plain(x, plain.prepare(x, x), {.cache = &cache}); }, "a cache is of a self-");
  check_error([&] { plain(x, x * 2, x, {.cache = &cache}); }, "query and key are one Variable");
  const auto masked = [&](const Tensor& mask) { plain(x, x, x, {.attn_mask = mask}); };
  check_error(
      [&] {
        masked(zeros({3, 3}, {.dtype = f64}));
      },
      "attn_mask must be u8 (1: not allowed) or f32 (added to the scores), got f64");
  check_error(
      [&] {
        masked(zeros({2, 3, 3}));
      },
      "(2, 2, 3, 3), got (2, 3, 3); one for each sequence is unsqueeze(mask, 1)");
  check_error(
      [&] {
        plain(randn({3, 3, 4}), plain.prepare(x, x));
      },
      "queries of a batch of 3 and keys of 2");
  check_error(
      [&] {
        plain(randn({4, 3, 4}), plain.prepare(x, x), {.is_causal = true});
      },
      "queries that share a memory take no attn_mask and are not causal");
}

TEST_CASE("Transformer layers speak of their own options and inputs") {
  const auto with = [](auto change) {
    nn::TransformerLayerOptions options = tiny();
    change(options);
    return options;
  };
  check_error(
      [&] { nn::TransformerEncoderLayer(with([](auto& o) { o.nhead = 3; })); },
      "TransformerEncoderLayer: expected a d_model that is a multiple of nhead, got 8 and 3");
  check_error([&] { nn::TransformerDecoderLayer(with([](auto& o) { o.dim_feedforward = 0; })); },
              "TransformerDecoderLayer: dim_feedforward must be at least 1, got 0");
  check_error([&] { nn::TransformerDecoderLayer(with([](auto& o) { o.dropout = 2; })); },
              "TransformerDecoderLayer: expected a dropout in [0, 1], got 2");
  const nn::TransformerEncoderLayer encoder(tiny());
  const nn::TransformerDecoderLayer decoder(with([](auto& o) { o.batch_first = false; }));
  check_error(
      [&] {
        encoder(randn({2, 3, 7}));
      },
      "TransformerEncoderLayer: expected src (B, T, 8), got (2, 3, 7)");
  check_error(
      [&] {
        decoder(randn({3, 2, 8}), randn({3, 8}));
      },
      "TransformerDecoderLayer: expected memory (T, B, 8), got (3, 8)");
  std::vector<nn::KvCache> two(2);
  check_error(
      [&] {
        encoder(randn({2, 3, 8}), {.caches = two});
      },
      "TransformerEncoderLayer: expected one cache or none, got 2");
}

TEST_CASE("a call that throws leaves its caches as they were; recorded ones are refused") {
  const nn::TransformerEncoder encoder({tiny(), 2});
  const nn::TransformerDecoder decoder({tiny(), 2});
  const Tensor x = randn({2, 1, 8}), wrong = ones({2, 7}, {.dtype = u8});
  std::vector<nn::KvCache> caches(2);
  check_error([&] { encoder(x, {.caches = caches}); }, "a cache keeps no gradient");
  const NoGrad no_grad;
  encoder(x, {.caches = caches});
  check_error([&] { encoder(x, {.src_key_padding_mask = wrong, .caches = caches}); },
              "key_padding_mask of shape (2, 2), got (2, 7)");
  check_error([&] { decoder(x, x, {.memory_key_padding_mask = wrong, .caches = caches}); },
              "key_padding_mask of shape (2, 1), got (2, 7)");
  CHECK(caches[0].length() == 1);
  const Tensor expected = encoder(cat({x, x}, 1)).value();
  CHECK(distance(encoder(x, {.caches = caches}).value(), narrow(expected, 1, 1, 1)) < 1e-6);
  caches[1] = nn::KvCache();
  caches[1] = caches[1].append(randn({3, 4, 2, 2}), randn({3, 4, 2, 2}));
  check_error([&] { encoder(x, {.caches = caches}); }, "like those before");
  CHECK(caches[0].length() == 2);
}
