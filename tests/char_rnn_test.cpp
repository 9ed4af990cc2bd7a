// The character-level recurrent language model.
#include "heed/models/char_rnn.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/shape.h"
#include "heed/core/generator.h"
#include "heed/core/index.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using models::CharRnn;

namespace {

const char* const cells[] = {"lstm", "gru", "rnn"};

CharRnn make(const std::string& cell) {
  CharRnn model(
      {.tokens = 5, .embedding = 3, .hidden = 4, .layers = 2, .cell = cell, .dropout = 0});
  fill_with_patterns(model);
  return model;
}

const Tensor text() { return tensor({{1, 2, 3, 4}, {4, 2, 0, 1}}); }

}  // namespace

TEST_CASE("CharRnn: reading step by step, or in pieces, is forward") {
  for (const char* cell : cells) {
    const CharRnn model = make(cell);
    const Variable whole = model.forward(text());
    CHECK(whole.shape() == Shape{2, 4, 5});
    models::DecoderState state = model.start(2);
    for (int64_t t = 0; t < 4; ++t) {
      const models::DecoderStep step = model.read(narrow(text(), 1, t, 1), state);
      CHECK(distance(step.logits.value(), select(whole.value(), 1, t)) < 1e-14);
      state = step.state;
    }
    state = model.read(narrow(text(), 1, 0, 3), model.start(2)).state;
    const models::DecoderStep last = model.read(narrow(text(), 1, 3, 1), state);
    CHECK(distance(last.logits.value(), select(whole.value(), 1, 3)) < 1e-14);
  }
}

TEST_CASE("CharRnn: the future does not leak, rows of a state can be reordered") {
  for (const char* cell : cells) {
    const CharRnn model = make(cell);
    const Variable whole = model.forward(text());
    const Variable beginning = model.forward(narrow(text(), 1, 0, 2));
    CHECK(distance(narrow(whole.value(), 1, 0, 2), beginning.value()) < 1e-14);
    const Tensor swap = tensor({1, 0, 1});
    const models::DecoderState state = model.read(narrow(text(), 1, 0, 3), model.start(2)).state;
    const models::DecoderStep step =
        model.read(narrow(index_select(text(), 0, swap), 1, 3, 1), models::reorder(state, swap));
    CHECK(distance(step.logits.value(), index_select(select(whole.value(), 1, 3), 0, swap)) <
          1e-14);
  }
}

TEST_CASE("CharRnn: gradients reach every parameter") {
  for (const char* cell : cells) {
    CharRnn model = make(cell);
    const Variable loss = nn::cross_entropy(model.forward(text()), flip(text(), {1}));
    CHECK(nn::unlisted_leaves(model, loss).empty());
    const auto result = gradcheck([&](auto) { return std::vector{model.forward(text())}; },
                                  model.parameters(), {.entries_per_input = 2});
    INFO(cell << ": " << result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("CharRnn: learns a sentence by heart") {
  for (const char* cell : cells) {
    manual_seed(1);
    CharRnn model({.tokens = 6, .embedding = 8, .hidden = 16, .layers = 2, .cell = cell});
    optim::Adam adam(model.named_parameters(), {.lr = 2e-2});
    // Which number follows a 1, 2 or 3 depends on what came before.
    const Tensor line = tensor({{1, 2, 1, 3, 2, 3, 1, 4, 3, 2, 4, 5}});
    const Tensor in = narrow(line, 1, 0, 11), out = narrow(line, 1, 1, 11);
    for (int step = 0; step < 150; ++step) {
      adam.zero_grad();
      nn::cross_entropy(model.forward(in), out).backward();
      adam.step();
    }
    INFO(cell);
    CHECK(nn::cross_entropy(model.forward(in), out).item() < 0.05);
  }
}

TEST_CASE("CharRnn: configuration, dropout in training only") {
  CharRnn model({.tokens = 5, .dropout = 0.5});
  CHECK(model.config().dump() ==
        R"({"tokens":5,"embedding":64,"hidden":128,"layers":2,"cell":"lstm","dropout":0.5})");
  CHECK(model.type() == "char_rnn");
  CHECK(model.tokens() == 5);
  CHECK(model.context() == 0);
  const auto logits = [&] { return model.forward(text()).value(); };
  CHECK(distance(logits(), logits()) > 0);
  model.eval();
  CHECK(distance(logits(), logits()) == 0);
  check_error([] { CharRnn({.tokens = 5, .layers = 0}); }, "CharRnn: layers");
  check_error([&] { model.forward(tensor({1, 2})); }, "CharRnn: expected tokens (batch, steps)");
}
