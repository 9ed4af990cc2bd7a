// GPT: names, maps, reading with a cache, what it must not see. PyTorch's numbers are in
// parity_transformer_test.cpp.
#include "heed/models/gpt.h"

#include "heed/autograd/engine.h"
#include "heed/autograd/recording.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/generator.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using models::Gpt;
using models::GptConfig;

namespace {

constexpr const char* positions[] = {"learned", "rotary", "alibi"};

GptConfig tiny(const std::string& positions = "learned") {
  return {.tokens = 11, .context = 12, .layers = 2, .heads = 2, .width = 8, .positions = positions};
}

Gpt make(const GptConfig& config) {
  manual_seed(3);
  Gpt model(config);
  model.eval();
  return model;
}

/// tokens (2, steps)
Tensor some_tokens(int64_t steps) {
  Generator generator(5);
  return randint(0, 11, {2, steps}, &generator);
}

/// How far two results of f32 lie apart, relative to the largest number.
double gap(const Tensor& a, const Tensor& b) { return distance(a, b) / largest(values(b)); }

}  // namespace

TEST_CASE("Gpt: nanoGPT's names and first numbers") {
  manual_seed(1);
  Gpt model({.tokens = 65, .context = 64, .layers = 2, .heads = 4, .width = 128});
  CHECK(parameter_names(model) == std::vector<std::string>{"transformer.wte.weight",
                                                           "transformer.wpe.weight",
                                                           "transformer.h.0.ln_1.weight",
                                                           "transformer.h.0.ln_1.bias",
                                                           "transformer.h.0.attn.c_attn.weight",
                                                           "transformer.h.0.attn.c_attn.bias",
                                                           "transformer.h.0.attn.c_proj.weight",
                                                           "transformer.h.0.attn.c_proj.bias",
                                                           "transformer.h.0.ln_2.weight",
                                                           "transformer.h.0.ln_2.bias",
                                                           "transformer.h.0.mlp.c_fc.weight",
                                                           "transformer.h.0.mlp.c_fc.bias",
                                                           "transformer.h.0.mlp.c_proj.weight",
                                                           "transformer.h.0.mlp.c_proj.bias",
                                                           "transformer.h.1.ln_1.weight",
                                                           "transformer.h.1.ln_1.bias",
                                                           "transformer.h.1.attn.c_attn.weight",
                                                           "transformer.h.1.attn.c_attn.bias",
                                                           "transformer.h.1.attn.c_proj.weight",
                                                           "transformer.h.1.attn.c_proj.bias",
                                                           "transformer.h.1.ln_2.weight",
                                                           "transformer.h.1.ln_2.bias",
                                                           "transformer.h.1.mlp.c_fc.weight",
                                                           "transformer.h.1.mlp.c_fc.bias",
                                                           "transformer.h.1.mlp.c_proj.weight",
                                                           "transformer.h.1.mlp.c_proj.bias",
                                                           "transformer.ln_f.weight",
                                                           "transformer.ln_f.bias"});
  const auto deviation = [](const Variable& x) { return heed::std(flatten(x.value())).item(); };
  CHECK(deviation(model.wte.weight) == Approx(0.02).epsilon(0.05));
  CHECK(deviation(model.wpe->weight) == Approx(0.02).epsilon(0.05));
  CHECK(deviation(model.h[1].c_attn.weight) == Approx(0.02).epsilon(0.05));
  CHECK(deviation(model.h[1].c_fc.weight) == Approx(0.02).epsilon(0.05));
  CHECK(deviation(model.h[1].attn_c_proj.weight) == Approx(0.01).epsilon(0.05));
  CHECK(deviation(model.h[1].mlp_c_proj.weight) == Approx(0.01).epsilon(0.05));
  CHECK(largest(values(model.h[0].c_fc.bias->value())) == 0);
  const auto members = nn::list_members(model);
  CHECK(members.back().name == "lm_head.weight");
  CHECK(members.back().tied_to == "transformer.wte.weight");
}

TEST_CASE("Gpt: reading with a cache gives the logits of reading all at once") {
  const NoGrad no_grad;
  for (const char* kind : positions) {
    CAPTURE(kind);
    const Gpt model = make(tiny(kind));
    const Tensor tokens = some_tokens(9);
    const Tensor whole = model.forward(tokens).value();  // (2, 9, 11)
    models::DecoderState state = model.start(2);
    // A prompt of 4, then 1, 2, 1 and 1.
    int64_t read = 0;
    for (const int64_t count : {4, 1, 2, 1, 1}) {
      const auto step = model.read(narrow(tokens, 1, read, count), state);
      read += count;
      const Tensor right = select(whole, 1, read - 1);
      CHECK(gap(step.logits.value(), right) < 2e-6);
      CHECK(equal(argmax(step.logits.value(), 1), argmax(right, 1)));
      state = step.state;
    }
    CHECK(state.caches[1].length() == 9);
  }
}

TEST_CASE("Gpt: two continuations of one state do not disturb each other") {
  const NoGrad no_grad;
  const Gpt model = make(tiny("rotary"));
  const Tensor tokens = some_tokens(6);
  const auto prompt = model.read(narrow(tokens, 1, 0, 3), model.start(2)).state;
  const Tensor a = narrow(tokens, 1, 3, 2), b = narrow(tokens, 1, 4, 2);
  const Tensor first = model.read(a, prompt).logits.value();
  const Tensor second = model.read(b, prompt).logits.value();
  CHECK(gap(second, select(model.forward(cat({narrow(tokens, 1, 0, 3), b}, 1)).value(), 1, 4)) <
        2e-6);
  CHECK(same_bits(model.read(a, prompt).logits.value(), first));
  // Rows exchanged: the other sequence's logits.
  const auto turned = models::reorder(prompt, tensor({1, 0}));
  CHECK(gap(model.read(flip(a, {0}), turned).logits.value(), flip(first, {0})) < 2e-6);
}

TEST_CASE("Gpt: a later token changes no earlier logits, bit for bit") {
  const NoGrad no_grad;
  for (const char* kind : positions) {
    const Gpt model = make(tiny(kind));
    const Tensor tokens = some_tokens(8), other = clone(tokens);
    narrow(other, 1, 5, 3).copy_(narrow(tokens, 1, 0, 3));
    const Tensor a = model.forward(tokens).value(), b = model.forward(other).value();
    CHECK(same_bits(narrow(a, 1, 0, 5), narrow(b, 1, 0, 5)));
    CHECK(!same_bits(narrow(a, 1, 5, 3), narrow(b, 1, 5, 3)));
  }
}

TEST_CASE("Gpt: maps of every layer and head are causal weights") {
  const NoGrad no_grad;
  for (const char* kind : positions) {
    const Gpt model = make(tiny(kind));
    nn::AttentionMaps maps;
    const Tensor with = model.forward(some_tokens(5), &maps).value();
    CHECK(same_bits(with, model.forward(some_tokens(5)).value()));
    REQUIRE(maps.layers.size() == 2);
    for (const Tensor& weights : maps.layers) {
      CHECK(weights.shape() == Shape{2, 2, 5, 5});
      CHECK(largest(values(triu(weights, 1))) == 0);
      CHECK(distance(sum(weights, {3}), ones({2, 2, 5})) < 1e-6);
    }
  }
}

TEST_CASE("Gpt: every parameter gets a gradient, dropout works in training alone") {
  Gpt model({.tokens = 11,
             .context = 8,
             .layers = 2,
             .heads = 2,
             .width = 8,
             .dropout = 0.3,
             .positions = "rotary",
             .norm = "rms_norm",
             .activation = "swiglu"});
  const Tensor tokens = some_tokens(8);
  const Variable loss = nn::cross_entropy(model.forward(tokens), tokens);
  CHECK(nn::unlisted_leaves(model, loss).empty());
  loss.backward();
  for (const auto& [name, parameter] : model.named_parameters()) {
    CAPTURE(name);
    CHECK(largest(values(parameter.grad().value())) > 0);
  }
  CHECK(!same_bits(model.forward(tokens).value(), model.forward(tokens).value()));
  model.eval();
  CHECK(same_bits(model.forward(tokens).value(), model.forward(tokens).value()));
}

TEST_CASE("Gpt learns a sequence by heart, with the same losses every time") {
  const auto losses = [] {
    manual_seed(7);
    Gpt model({.tokens = 5, .context = 8, .layers = 1, .heads = 2, .width = 16});
    optim::AdamW adam(model.parameters(), {.lr = 1e-2});
    const Tensor text = tensor({{0, 1, 2, 3, 4, 3, 2, 1, 0}});
    Values found;
    for (int step = 0; step < 60; ++step) {
      const Variable loss =
          nn::cross_entropy(model.forward(narrow(text, 1, 0, 8)), narrow(text, 1, 1, 8));
      adam.zero_grad();
      loss.backward();
      adam.step();
      found.push_back(loss.item());
    }
    return found;
  };
  const Values curve = losses();
  CHECK(curve == losses());
  const std::pair<size_t, double> golden[] = {
      {0, 1.685499}, {5, 1.124943}, {10, 0.741677}, {20, 0.214760}, {59, 0.006306}};
  for (const auto& [step, loss] : golden) CHECK(curve[step] == Approx(loss).epsilon(1e-4));
}

TEST_CASE("Gpt says what it expected") {
  check_error([] { Gpt({.tokens = 0}); }, "tokens");
  check_error([] { Gpt({.tokens = 5, .heads = 3}); },
              "Gpt: expected a width that is a multiple of heads, got 128 and 3");
  check_error([] { Gpt({.tokens = 5, .heads = 2, .width = 6, .positions = "rotary"}); },
              "Gpt: rotary positions need heads of an even size, got 3");
  const Gpt model = make(tiny());
  check_error([&] { model.forward(some_tokens(13)); },
              "Gpt: reads at most 12 tokens, got 0 before and 13 more");
  check_error([&] { model.forward(tensor({1, 2})); }, "tokens (batch, steps) of i64, got (2,)");
  check_error([&] { model.read(some_tokens(1), {}); }, "a state of 2 caches");
  check_error([&] { model.read(some_tokens(1), model.start(2)); }, "a cache keeps no gradient");
  const NoGrad no_grad;
  const auto full = model.read(some_tokens(12), model.start(2)).state;
  check_error([&] { model.read(some_tokens(1), full); }, "got 12 before and 1 more");
}
