#include "heed/nn/compact.h"

#include <cmath>
#include <limits>

#include "heed/autograd/matmul.h"
#include "heed/autograd/recording.h"
#include "heed/core/compact.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/matmul.h"
#include "heed/core/memory.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/char_rnn.h"
#include "heed/models/decode/generate.h"
#include "heed/models/gpt.h"
#include "heed/models/vit.h"
#include "heed/nn/attention.h"
#include "heed/nn/embedding.h"
#include "heed/nn/summary.h"
#include "heed/optim/sgd.h"
#include "tests/bars.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr CompactKind kinds[] = {CompactKind::bf16, CompactKind::int8};

/// A product with a compact weight, against the sums in f64 of the numbers that it stands for.
void check_product(int64_t m, int64_t n, int64_t k, CompactKind kind) {
  CAPTURE(m, n, k, compact_name(kind));
  const Tensor x = randn({m, k}), bias = randn({n});
  const CompactMatrix weight = compact(randn({n, k}), kind);
  const Tensor right = linear(to(x, f64), to(widen(weight), f64), to(bias, f64));
  const Tensor size = linear(abs(to(x, f64)), abs(to(widen(weight), f64)), abs(to(bias, f64)));
  const double bar = std::sqrt(double(k) + 1) * kernel_bars::u;
  CHECK(amax(abs(to(linear(x, weight, bias), f64) - right) / size).item() <= bar);
  const Tensor plain = linear(x, weight);
  CHECK(amax(abs(to(plain + bias, f64) - right) / size).item() <= bar);
}

models::Gpt small_gpt() {
  return models::Gpt({.tokens = 30, .context = 80, .layers = 2, .heads = 2, .width = 64});
}

}  // namespace

TEST_CASE("compact: bf16 is the nearest upper half of a float") {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = tensor<float>({{1, -1, 1.00390625F, 1.01171875F}, {3.4e38F, -inf, NAN, 0}});
  const Tensor y = widen(compact(x, CompactKind::bf16));
  const float expected[] = {1, -1, 1, 1.015625F, inf, -inf, NAN, 0};  // ties go to even
  for (int64_t i = 0; i < 8; ++i) {
    const float got = y.data<float>()[i];
    CHECK((got == expected[i] || (std::isnan(got) && std::isnan(expected[i]))));
  }
  const Tensor w = randn({40, 130});
  CHECK(amax(abs(widen(compact(w, CompactKind::bf16)) - w) / abs(w)).item() <= 1.0 / 256);
}

TEST_CASE("compact: int8 is at most half a scale away, and is its own compact matrix") {
  const Tensor w = randn({50, 131}) * randn({50, 1});
  const CompactMatrix q = compact(w, CompactKind::int8);
  const Tensor scales = unsqueeze(q.scales, 1);
  CHECK(amax(abs(widen(q) - w) / scales).item() <= 0.5 * (1 + 1e-5));
  CHECK(amax(abs(scales * 127.0 - amax(abs(w), {1}, true))).item() <= 1e-6);
  CHECK(amax(abs(widen(compact(widen(q), CompactKind::int8)) - widen(q))).item() <= 1e-6);
  CHECK(q.bytes() == 50 * 192 + 50 * 4);  // rows begin at multiples of 64
}

TEST_CASE("compact: rows of zeros, tiny ones, and what is not a number") {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor w = tensor<float>({{0, 0}, {2.7e-43F, -2.7e-43F}, {NAN, 1}, {inf, 1}, {2, -1}});
  const Tensor y = widen(compact(w, CompactKind::int8));
  CHECK(same_bits(y[0], zeros({2})));
  CHECK(y[1][0].item() > 2e-43);
  CHECK(y[1][1].item() < -2e-43);
  for (int64_t i = 2; i < 4; ++i)
    for (int64_t j = 0; j < 2; ++j) CHECK(std::isnan(y[i][j].item()));
  CHECK(y[4][0].item() == 2);
  const Tensor product = linear(ones({1, 2}), compact(w, CompactKind::int8));  // (1, 5)
  CHECK(std::isnan(product[0][2].item()));
  CHECK(std::isnan(product[0][3].item()));
  CHECK(product[0][0].item() == 0);
}

TEST_CASE("linear of a compact weight is the product of the numbers that it stands for") {
  manual_seed(3);
  for (const CompactKind kind : kinds)
    for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                                  {1, 7, 17},
                                  {2, 50, 31},
                                  {3, 4, 100},
                                  {5, 130, 64},
                                  {9, 9, 129},
                                  {48, 18, 40},
                                  {70, 33, 65}})
      check_product(m, n, k, kind);
  const CompactMatrix weight = compact(randn({4, 6}), CompactKind::bf16);
  CHECK(linear(randn({2, 0, 6}), weight).shape() == Shape{2, 0, 4});
  CHECK(linear(transpose(randn({6, 3, 2}), 0, 2), weight).shape() == Shape{2, 3, 4});
  CHECK(compact(zeros({0, 6}), CompactKind::int8).rows == 0);
}

TEST_CASE("linear of a compact weight: a row's bits depend on nothing else") {
  for (const CompactKind kind : kinds) {
    const CompactMatrix weight = compact(randn({1000, 200}), kind);
    const Tensor x = randn({7, 200}), many = randn({300, 200});
    const Tensor all = linear(x, weight), large = linear(many, weight);
    for (int64_t i = 0; i < 7; ++i)
      CHECK(same_bits(linear(narrow(x, 0, i, 1), weight), narrow(all, 0, i, 1)));
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      CHECK(same_bits(linear(x, weight), all));
      CHECK(same_bits(linear(many, weight), large));
    }
    set_num_threads(0);
  }
}

TEST_CASE("embedding of a compact table reads the numbers that it stands for") {
  const Tensor ids = tensor<int64_t>({{4, 0}, {4, 2}});
  for (const CompactKind kind : kinds) {
    const CompactMatrix table = compact(randn({5, 33}), kind);
    CHECK(same_bits(embedding(table, ids), embedding(widen(table), ids)));
    check_error([&] { embedding(table, ids + 1); }, "embedding: index 5 is out of range");
  }
}

TEST_CASE("compact refuses what is no matrix of f32") {
  check_error([] { compact(randn({3}), CompactKind::bf16); },
              "compact: expected a matrix of f32, got (3,) of f32");
  check_error([] { compact(ones({3, 2}, {.dtype = f64}), CompactKind::int8); }, "of f64");
  const CompactMatrix weight = compact(randn({3, 2}), CompactKind::int8);
  check_error(
      [&] {
        linear(randn({2, 3}), weight);
      },
      "linear: expected x (..., 2) of f32 for a weight of int8, got (2, 3)");
  check_error([&] { linear(ones({2}, {.dtype = f64}), weight); }, "got (2,) of f64");
  check_error([&] { linear(randn({2}), weight, randn({2})); }, "expected a bias (3,) of f32");
}

TEST_CASE("compact_: a model computes with the numbers that its weights stand for") {
  manual_seed(5);
  const Tensor tokens = randint(0, 30, {2, 40});
  for (const CompactKind kind : kinds) {
    models::Gpt model = small_gpt();
    model.eval();
    models::Gpt rounded = model;
    for (const auto& [name, weight] : rounded.state_dict())
      if (weight.dim() == 2) weight.copy_(widen(compact(weight, kind)));
    nn::compact_(model, kind);
    const models::Gpt copied = model;
    const NoGrad guard;
    const Tensor right = rounded.forward(tokens).value();
    CHECK(error_of(Measure::scaled, model.forward(tokens).value(), to(right, f64)) <= 1e-5);
    CHECK(same_bits(copied.forward(tokens).value(), model.forward(tokens).value()));
    const models::GenerateOptions greedy{.max_tokens = 20, .sampling = {.temperature = 0}};
    const Tensor prompt = narrow(tokens, 1, 0, 3);
    CHECK(generate(model, prompt, greedy)[1].tokens == generate(rounded, prompt, greedy)[1].tokens);
  }
}

TEST_CASE("compact_: a layer with two names is compacted once") {
  struct Shared : nn::Module {
    nn::Embedding table{{.num_embeddings = 20, .embedding_dim = 16}};
    void members(nn::MemberVisitor& visit) override {
      visit("source", table);
      visit("target", table);
    }
  } model;
  nn::compact_(model, CompactKind::int8);
  CHECK(model.table.weight.compact());
}

TEST_CASE("compact_ gives the memory of the numbers back") {
  models::Gpt model = small_gpt();
  const int64_t numbers = nn::count_parameters(model).total;
  const int64_t before = memory_statistics().live_bytes;
  nn::compact_(model, CompactKind::bf16);
  CHECK(nn::count_parameters(model).total == numbers);
  CHECK(nn::count_parameters(model).bytes < 3 * numbers);
  CHECK(before - memory_statistics().live_bytes > numbers);
  CHECK(nn::summary(model).find("bf16") != std::string::npos);
}

TEST_CASE("a compact model is for inference: all else is an error") {
  models::Gpt model = small_gpt();
  const nn::StateDict state = small_gpt().state_dict();
  const models::Gpt before = model;
  nn::compact_(model, CompactKind::int8);
  const Tensor tokens = zeros({1, 4}, {.dtype = i64});
  check_error([&] { model.forward(tokens); },
              "linear: a weight of int8 has no gradients: it is for inference, inside NoGrad");
  const std::string_view told =
      "\"transformer.wte.weight\" is of int8, for inference alone: do this before compact_";
  check_error([&] { model.state_dict(); }, told);
  check_error([&] { model.load_state_dict(state); }, told);
  check_error([&] { model.to(f64); }, told);
  check_error([&] { model.unfreeze(); }, told);
  check_error([&] { nn::compact_(model, CompactKind::bf16); }, "the weights are compact already");
  check_error([&] { linear(randn({1, 64}), Variable(model.wte.weight)); }, "dtypes differ");
  check_error([&] { model.wte.weight.replace(zeros({30, 64})); }, "replace expects");
  check_error([&] { optim::SGD(model.parameters(), {.lr = 1}); },
              "is u8: parameters are f32 or f64, compact ones are for inference");
  model = before;
  CHECK(same_bits(model.wte.weight.value(), before.wte.weight.value()));
  model.to(f64);
  check_error([&] { nn::compact_(model, CompactKind::bf16); }, "expected weights of f32, got f64");
}

TEST_CASE("compact_: models that read a weight in parts, or ask for its dtype") {
  const NoGrad guard;
  models::CharRnn writer({.tokens = 9, .embedding = 5, .hidden = 6});
  models::Vit vit({.classes = 3, .height = 8, .width = 8, .layers = 1, .hidden = 8});
  nn::Attention attention(
      {.score = nn::Score::concat, .query_size = 3, .key_size = 4, .hidden_size = 6});
  for (nn::Module* model : std::initializer_list<nn::Module*>{&writer, &vit, &attention}) {
    model->eval();
    nn::compact_(*model, CompactKind::bf16);
  }
  CHECK(generate(writer, zeros({1, 2}, {.dtype = i64}), {.max_tokens = 3})[0].tokens.size() == 3);
  CHECK(vit.forward(zeros({2, 1, 8, 8})).shape() == Shape{2, 3});
  const nn::AttentionMemory memory = attention.prepare(randn({2, 5, 4}));
  CHECK(attention(randn({2, 3}), memory, {}, {}).weights.shape() == Shape{2, 5});
}
