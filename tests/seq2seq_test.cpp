// What every sequence-to-sequence model promises: steps agree with forward, padding changes
// nothing, states can be reordered, gradients reach every parameter, and it learns.
#include <functional>

#include "heed/autograd/gradcheck.h"
#include "heed/autograd/shape.h"
#include "heed/core/generator.h"
#include "heed/core/index.h"
#include "heed/core/random.h"
#include "heed/models/bahdanau.h"
#include "heed/models/cho.h"
#include "heed/models/decode/greedy.h"
#include "heed/models/luong.h"
#include "heed/models/sutskever.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using models::Seq2Seq;

namespace {

struct Sizes {
  int64_t tokens = 6;
  int64_t embedding = 3;
  int64_t hidden = 4;
};

struct Case {
  const char* name;
  std::function<std::unique_ptr<Seq2Seq>(Sizes)> make;
};

std::unique_ptr<Seq2Seq> sutskever(Sizes sizes, bool reverse) {
  return std::make_unique<models::Sutskever>(models::SutskeverConfig{.source_tokens = sizes.tokens,
                                                                     .target_tokens = sizes.tokens,
                                                                     .embedding = sizes.embedding,
                                                                     .hidden = sizes.hidden,
                                                                     .reverse_source = reverse,
                                                                     .dropout = 0});
}

std::unique_ptr<Seq2Seq> luong(Sizes sizes, const char* score, const char* alignment) {
  return std::make_unique<models::Luong>(models::LuongConfig{.source_tokens = sizes.tokens,
                                                             .target_tokens = sizes.tokens,
                                                             .embedding = sizes.embedding,
                                                             .hidden = sizes.hidden,
                                                             .score = score,
                                                             .alignment = alignment,
                                                             .window = 2,
                                                             .dropout = 0});
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"sutskever", [](Sizes sizes) { return sutskever(sizes, true); }},
      {"sutskever, source forwards", [](Sizes sizes) { return sutskever(sizes, false); }},
      {"cho",
       [](Sizes sizes) {
         return std::make_unique<models::Cho>(models::ChoConfig{.source_tokens = sizes.tokens,
                                                                .target_tokens = sizes.tokens,
                                                                .embedding = sizes.embedding,
                                                                .hidden = sizes.hidden,
                                                                .dropout = 0});
       }},
      {"bahdanau, location, local_monotonic",
       [](Sizes sizes) {
         return std::make_unique<models::Bahdanau>(
             models::BahdanauConfig{.source_tokens = sizes.tokens,
                                    .target_tokens = sizes.tokens,
                                    .embedding = sizes.embedding,
                                    .hidden = sizes.hidden,
                                    .score = "location",
                                    .alignment = "local_monotonic",
                                    .window = 2,
                                    .dropout = 0});
       }},
      {"luong", [](Sizes sizes) { return luong(sizes, "general", "soft"); }},
      {"luong, dot, local_predictive",
       [](Sizes sizes) { return luong(sizes, "dot", "local_predictive"); }},
      {"luong, concat, local_monotonic",
       [](Sizes sizes) { return luong(sizes, "concat", "local_monotonic"); }},
  };
  return all;
}

std::unique_ptr<Seq2Seq> patterned(const Case& row) {
  auto model = row.make({});
  fill_with_patterns(*model);
  return model;
}

// Two pairs: lengths 3 and 2.
Tensor source() { return tensor({{1, 2, 3}, {4, 2, 0}}); }
Tensor lengths() { return tensor({3, 2}); }
Tensor target_in() { return tensor({{1, 3, 4}, {1, 5, 0}}); }

std::vector<int64_t> integers(const Tensor& x) {
  const Tensor rows = contiguous(x);
  return {rows.data<int64_t>(), rows.data<int64_t>() + rows.numel()};
}

}  // namespace

TEST_CASE("seq2seq: forward is its steps one after the other") {
  for (const Case& row : cases()) {
    INFO(row.name);
    const auto model = patterned(row);
    nn::AttentionMaps maps;
    const Variable whole = model->forward(source(), lengths(), target_in(), &maps);
    REQUIRE(whole.shape() == Shape{2, 3, 6});
    models::DecoderState state = model->encode(source(), lengths());
    for (int64_t t = 0; t < 3; ++t) {
      const models::DecoderStep step = model->step(select(target_in(), 1, t), state);
      CHECK(distance(step.logits.value(), select(whole.value(), 1, t)) < 1e-13);
      CHECK(step.weights.defined() == !maps.layers.empty());
      if (step.weights.defined())
        CHECK(distance(step.weights.value(), select(maps.layers.at(0), 1, t)) < 1e-13);
      state = step.state;
    }
  }
}

TEST_CASE("seq2seq: padding changes nothing") {
  for (const Case& row : cases()) {
    INFO(row.name);
    const auto model = patterned(row);
    const Variable plain = model->forward(source(), lengths(), target_in());
    const Variable padded =
        model->forward(pad(source(), {0, 2}, 4), lengths(), pad(target_in(), {0, 1}, 5));
    CHECK(distance(narrow(padded.value(), 1, 0, 3), plain.value()) < 1e-13);
    const Variable alone = model->forward(narrow(narrow(source(), 0, 1, 1), 1, 0, 2), {},
                                          narrow(target_in(), 0, 1, 1));
    CHECK(distance(alone.value(), narrow(plain.value(), 0, 1, 1)) < 1e-13);
  }
}

TEST_CASE("seq2seq: states can be reordered between two steps") {
  const Tensor swap = tensor({1, 0, 1});
  for (const Case& row : cases()) {
    INFO(row.name);
    const auto model = patterned(row);
    const auto first =
        model->step(select(target_in(), 1, 0), model->encode(source(), lengths())).state;
    const Tensor tokens = select(target_in(), 1, 1);
    const auto plain = model->step(tokens, first);
    const auto moved = model->step(index_select(tokens, 0, swap), models::reorder(first, swap));
    CHECK(distance(moved.logits.value(), index_select(plain.logits.value(), 0, swap)) < 1e-13);
  }
}

TEST_CASE("seq2seq: gradients reach every parameter") {
  for (const Case& row : cases()) {
    const auto model = patterned(row);
    const Variable logits = model->forward(source(), lengths(), target_in());
    CHECK(nn::unlisted_leaves(*model, logits).empty());
    const auto result = gradcheck(
        [&](auto) {
          return std::vector{model->forward(source(), lengths(), narrow(target_in(), 1, 0, 2))};
        },
        model->parameters(), {.entries_per_input = 1});
    INFO(row.name << ": " << result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("seq2seq: every model learns to write three tokens backwards") {
  for (const Case& row : cases()) {
    manual_seed(3);
    const auto model = row.make({.tokens = 8, .embedding = 16, .hidden = 32});
    optim::Adam adam(model->named_parameters(), {.lr = 1e-2});
    const auto batch = [](int64_t size) { return randint(3, 8, {size, 3}); };
    const auto column = [](int64_t size, int64_t token) {
      return full({size, 1}, token, {.dtype = i64});
    };
    for (int step = 0; step < 250; ++step) {
      const Tensor in = batch(32), out = flip(in, {1});
      adam.zero_grad();
      nn::cross_entropy(model->forward(in, {}, cat({column(32, data::bos_id), out}, 1)),
                        cat({out, column(32, data::eos_id)}, 1))
          .backward();
      adam.step();
    }
    model->eval();
    const Tensor in = batch(50), out = flip(in, {1});
    const auto found = models::greedy(*model, in, full({50}, 3, {.dtype = i64}));
    int right = 0;
    for (int64_t b = 0; b < 50; ++b) right += found[size_t(b)].tokens == integers(out[b]);
    INFO(row.name << ": " << right << " of 50");
    CHECK(right >= 48);
  }
}

TEST_CASE("seq2seq: what configurations refuse, and what they say") {
  check_error([] { models::Sutskever({.source_tokens = 5, .target_tokens = 0}); },
              "Sutskever: target_tokens");
  check_error([] { models::Cho({.source_tokens = 5, .target_tokens = 6, .hidden = 0}); },
              "Cho: hidden");
  const models::Cho cho({.source_tokens = 5, .target_tokens = 6});
  CHECK(cho.config().dump() ==
        R"({"source_tokens":5,"target_tokens":6,"embedding":128,"hidden":256,"dropout":0.1})");
  CHECK(cho.type() == "cho");
  const models::Sutskever sutskever({.source_tokens = 5, .target_tokens = 6});
  CHECK(sutskever.config().dump() ==
        R"({"source_tokens":5,"target_tokens":6,"embedding":128,"hidden":256,"layers":2,)"
        R"("reverse_source":true,"dropout":0.1})");
  CHECK(sutskever.type() == "sutskever");
}
