// The Transformer of Vaswani et al. 2017: decoding, padding, caches. PyTorch's numbers are in
// parity_transformer_test.cpp.
#include "heed/models/transformer.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/recording.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/generator.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/models/decode/beam_search.h"
#include "heed/models/decode/greedy.h"
#include "heed/models/decode/steps.h"
#include "heed/models/decode/teacher_forcing.h"
#include "heed/nn/loss.h"
#include "heed/nn/transformer.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using models::Transformer;
using models::TransformerConfig;

namespace {

TransformerConfig tiny(bool norm_first, bool tied = true) {
  return {.source_tokens = 7,
          .target_tokens = 8,
          .width = 8,
          .heads = 2,
          .layers = 2,
          .hidden = 12,
          .dropout = 0,
          .norm_first = norm_first,
          .tied = tied};
}

Transformer make(const TransformerConfig& config) {
  manual_seed(2);
  Transformer model(config);
  model.to(f64);
  model.eval();
  return model;
}

Tensor source() { return tensor({{3, 4, 5, 6}, {6, 3, 0, 0}}); }
Tensor lengths() { return tensor({4, 2}); }
Tensor target_in() { return tensor({{1, 3, 4, 7, 5}, {1, 5, 6, 3, 4}}); }

constexpr double bar = 1e-13;

}  // namespace

TEST_CASE("Transformer: forward is its cached steps one after the other") {
  const NoGrad no_grad;
  for (const bool norm_first : {true, false}) {
    const Transformer model = make(tiny(norm_first));
    nn::AttentionMaps maps;
    const Tensor whole = model.forward(source(), lengths(), target_in(), &maps).value();
    REQUIRE(maps.layers.size() == 2);
    CHECK(maps.layers[0].shape() == Shape{2, 2, 5, 4});
    const Tensor looked = mean(stack(maps.layers), {0, 2});  // (B, T, S)
    CHECK(distance(sum(looked, {2}), ones({2, 5})) < bar);
    CHECK(distance(narrow(narrow(looked, 0, 1, 1), 2, 2, 2), zeros({1, 5, 2})) == 0);
    models::DecoderState state = model.encode(source(), lengths());
    for (int64_t t = 0; t < 5; ++t) {
      const auto step = model.step(select(target_in(), 1, t), state);
      CHECK(distance(step.logits.value(), select(whole, 1, t)) < bar);
      CHECK(distance(step.weights.value(), select(looked, 1, t)) < bar);
      state = step.state;
    }
  }
}

TEST_CASE("Transformer: padding changes nothing, later tokens change nothing before") {
  const NoGrad no_grad;
  const Transformer model = make(tiny(true));
  const Tensor plain = model.forward(source(), lengths(), target_in()).value();
  const Tensor longer =
      model.forward(pad(source(), {0, 3}, 5), lengths(), pad(target_in(), {0, 2}, 2)).value();
  CHECK(distance(narrow(longer, 1, 0, 5), plain) < bar);
  const Tensor alone = model
                           .forward(narrow(narrow(source(), 0, 1, 1), 1, 0, 2), tensor({2}),
                                    narrow(target_in(), 0, 1, 1))
                           .value();
  CHECK(distance(alone, narrow(plain, 0, 1, 1)) < bar);
  const Tensor other = clone(target_in());
  narrow(other, 1, 3, 2).fill_(2);
  const Tensor changed = model.forward(source(), lengths(), other).value();
  CHECK(same_bits(narrow(changed, 1, 0, 3), narrow(plain, 1, 0, 3)));
  CHECK(distance(narrow(changed, 1, 3, 2), narrow(plain, 1, 3, 2)) > 1e-3);
}

TEST_CASE("Transformer: sampled forcing has the gradients of reading its own tokens") {
  Transformer sampled = make(tiny(true)), forward = make(tiny(true));
  const Variable own =
      models::forward_sampled(sampled, source(), lengths(), target_in(), {.ratio = 0});
  const Tensor chosen = narrow(argmax(own.value(), 2), 1, 0, 4);
  const Tensor read = cat({narrow(target_in(), 1, 0, 1), chosen}, 1);
  CHECK(!equal(read, target_in()));
  const Variable whole = forward.forward(source(), lengths(), read);
  CHECK(same_bits(own.value(), whole.value()));
  sum(square(own)).backward();
  sum(square(whole)).backward();
  const auto a = sampled.parameters(), b = forward.parameters();
  for (size_t i = 0; i < a.size(); ++i) CHECK(same_bits(a[i].grad().value(), b[i].grad().value()));
}

TEST_CASE("Transformer learns to reverse, greedy and beam search write it") {
  manual_seed(4);
  Transformer model({.source_tokens = 8,
                     .target_tokens = 8,
                     .width = 32,
                     .heads = 2,
                     .layers = 1,
                     .hidden = 64,
                     .dropout = 0});
  optim::Adam adam(model.parameters(), {.lr = 3e-3});
  Generator generator(9);
  const auto batch = [&] { return randint(3, 8, {32, 4}, &generator); };
  const Tensor bos = full({32, 1}, 1, {.dtype = i64}), eos = full({32, 1}, 2, {.dtype = i64});
  for (int step = 0; step < 400; ++step) {
    const Tensor x = batch(), y = flip(x, {1});
    const Variable loss =
        nn::cross_entropy(model.forward(x, {}, cat({bos, y}, 1)), cat({y, eos}, 1));
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  model.eval();
  const Tensor x = batch(), y = flip(x, {1});
  const auto written = models::greedy(model, x, {}, {.max_length = 6});
  const auto searched = models::beam_search(model, x, {}, {.beam_size = 3, .max_length = 6});
  int right = 0;
  for (int64_t b = 0; b < 32; ++b) {
    const Values wanted = values(y[b]);
    const auto& tokens = written[size_t(b)].tokens;
    right += Values(tokens.begin(), tokens.end()) == wanted;
    CHECK(searched[size_t(b)][0].log_probability >= written[size_t(b)].log_probability - 1e-5);
  }
  CHECK(right == 32);
}

TEST_CASE("Transformer: beams that share their sentence's memory find what others find") {
  const Transformer model = make(tiny(true));
  const Tensor sources = randint(3, 7, {5, 4}), ends = tensor({4, 2, 3, 4, 1});
  models::Decoder decoder = models::decoder_of(model, sources, ends);
  REQUIRE(decoder.state.shares_memory);
  std::vector<std::pair<int64_t, int64_t>> rows;  // of the batch and of its memory
  decoder.step = [&](const Tensor& tokens, const models::DecoderState& state) {
    rows.emplace_back(tokens.numel(), state.memory[0].size(0));
    return model.step(tokens, state);
  };
  const Tensor prefix = full({5, 4}, -1, {.dtype = i64});
  prefix[1][3].fill_(data::eos_id);
  const auto found = [&](bool shared) {
    rows.clear();
    decoder.state.shares_memory = shared;
    return models::beam_search(decoder,
                               {.beam_size = 3, .n_best = 3, .max_length = 9, .prefix = prefix});
  };
  const auto together = found(true);
  CHECK(rows.at(1) == std::pair<int64_t, int64_t>{15, 5});
  CHECK(rows.at(4).second < 5);  // the second sentence has ended
  const auto apart = found(false);
  for (const auto& [batch, memory] : rows) CHECK(batch == memory);
  for (size_t b = 0; b < apart.size(); ++b) {
    REQUIRE(together[b].size() == apart[b].size());
    for (size_t i = 0; i < apart[b].size(); ++i) {
      CHECK(together[b][i].tokens == apart[b][i].tokens);
      CHECK(std::abs(together[b][i].score - apart[b][i].score) < 1e-12);
      CHECK(distance(together[b][i].weights, apart[b][i].weights) < bar);
    }
  }
}

TEST_CASE("Transformer: parameters, configuration, misuse") {
  for (const bool tied : {true, false}) {
    Transformer model = make(tiny(true, tied));
    const Variable loss =
        nn::cross_entropy(model.forward(source(), lengths(), target_in()), target_in());
    CHECK(nn::unlisted_leaves(model, loss).empty());
    const auto names = parameter_names(model);
    CHECK(names[2] == "encoder.layers.0.self_attn.in_proj_weight");
    CHECK(std::ranges::count(names, "output.weight") == (tied ? 0 : 1));
    CHECK(std::ranges::count(names, "decoder.norm.weight") == 1);
    CHECK(std::ranges::count(names, "decoder.layers.1.multihead_attn.out_proj.bias") == 1);
  }
  CHECK(make(tiny(false)).config().dump() ==
        R"({"source_tokens":7,"target_tokens":8,"width":8,"heads":2,"layers":2,"hidden":12,)"
        R"("dropout":0.0,"norm_first":false,"activation":"relu","tied":true})");
  check_error([] { Transformer({.source_tokens = 3, .target_tokens = 3, .heads = 3}); },
              "Transformer: expected a width that is a multiple of heads, got 256 and 3");
  const Transformer model = make(tiny(true));
  check_error(
      [&] {
        model.forward(source(), lengths(), tensor({1, 2}));
      },
      "Transformer: expected target_in (2, steps), got (2,)");
  check_error([&] { model.encode(source(), tensor({5, 2})); }, "lengths[0] is 5, expected 0 to 4");
  check_error(
      [&] {
        model.forward(source(), tensor({4, -3}), target_in());
      },
      "lengths[1] is -3, expected 0 to 4");
  check_error([&] { model.step(tensor({1, 1}), {}); }, "a state of 2 caches");
}
