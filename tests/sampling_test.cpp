// From logits to the next token: filters against cases worked out by hand, and what is drawn.
#include <cmath>
#include <set>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/char_rnn.h"
#include "heed/models/decode/generate.h"
#include "heed/models/decode/greedy.h"
#include "heed/models/gpt.h"
#include "tests/catch.h"
#include "tests/language_models.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

constexpr double none = -INFINITY;

/// Two rows whose softmax is {0.5, 0.1, 0.3, 0.1} and {0.05, 0.2, 0.2, 0.55}.
const Tensor logits() {
  const auto l = [](double p) { return std::log(p); };
  return tensor({{l(0.5), l(0.1), l(0.3), l(0.1)}, {l(0.05), l(0.2), l(0.2), l(0.55)}},
                {.dtype = f64});
}

/// Which tokens can still come, row after row.
std::vector<int> possible(const Tensor& filtered) {
  std::vector<int> all;
  for (int64_t b = 0; b < filtered.size(0); ++b)
    for (int64_t v = 0; v < filtered.size(1); ++v) all.push_back(filtered.at({b, v}) != none);
  return all;
}

void check_row(const Tensor& x, int64_t row, std::vector<double> expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(row, i);
    CHECK(x.at({row, int64_t(i)}) == Approx(expected[i]).margin(1e-15));
  }
}

const Tensor read_nothing() { return zeros({2, 0}, {.dtype = i64}); }

}  // namespace

TEST_CASE("top k keeps the k best, of equal ones the first") {
  CHECK(possible(keep_top_k(logits(), 1)) == std::vector{1, 0, 0, 0, 0, 0, 0, 1});
  CHECK(possible(keep_top_k(logits(), 2)) == std::vector{1, 0, 1, 0, 0, 1, 0, 1});
  CHECK(possible(keep_top_k(logits(), 3)) == std::vector{1, 1, 1, 0, 0, 1, 1, 1});
  CHECK(possible(keep_top_k(logits(), 9)) == std::vector<int>(8, 1));
  check_row(keep_top_k(logits(), 1), 1, {none, none, none, std::log(0.55)});
  check_error([] { keep_top_k(logits(), 0); }, "keep_top_k: expected a k of at least 1, got 0");
  check_error([] { keep_top_k(zeros({2}), 1); }, "keep_top_k: expected floating logits (batch");
}

TEST_CASE("top p keeps the smallest set that reaches p") {
  CHECK(possible(keep_top_p(logits(), 1e-9)) == std::vector{1, 0, 0, 0, 0, 0, 0, 1});
  CHECK(possible(keep_top_p(logits(), 0.49)) == std::vector{1, 0, 0, 0, 0, 0, 0, 1});
  CHECK(possible(keep_top_p(logits(), 0.6)) == std::vector{1, 0, 1, 0, 0, 1, 0, 1});
  CHECK(possible(keep_top_p(logits(), 0.85)) == std::vector{1, 1, 1, 0, 0, 1, 1, 1});
  CHECK(possible(keep_top_p(logits(), 1)) == std::vector<int>(8, 1));
  // Of a thousand tokens alike, the first nine hundred.
  const Tensor alike = keep_top_p(zeros({1, 1000}), 0.8995);
  for (const int64_t v : {0, 500, 899}) CHECK(alike.at({0, v}) == 0);
  for (const int64_t v : {900, 999}) CHECK(alike.at({0, v}) == none);
  check_error([] { keep_top_p(logits(), 0); }, "keep_top_p: expected a p in (0, 1], got 0");
  check_error([] { keep_top_p(logits(), 1.5); }, "in (0, 1], got 1.5");
}

TEST_CASE("the repetition penalty lowers what came before, whatever its sign") {
  const Tensor x = tensor({{2.0, -1.0, 4.0, 0.0}, {2.0, -1.0, 4.0, 0.0}});
  const Tensor read = tensor({{0, 1, 1}, {3, 2, 2}});
  const Tensor y = penalize_repetition(x, read, 2);
  check_row(y, 0, {1, -2, 4, 0});
  check_row(y, 1, {2, -1, 2, 0});
  check_error([&] { penalize_repetition(x, read, 0); }, "expected a penalty above 0, got 0");
  check_error([&] { penalize_repetition(x, tensor({{0}, {4}}), 2); }, "token 4 is not one of 4");
  check_error([&] { penalize_repetition(x, tensor({{0}}), 2); },
              "expected the tokens read (2, any)");
}

TEST_CASE("the next token's probabilities are the softmax of the filtered logits") {
  const auto p = [](SamplingOptions options) {
    return next_token_probabilities(logits(), read_nothing(), options);
  };
  check_row(p({}), 0, {0.5, 0.1, 0.3, 0.1});
  // p^(1/T): squares for T = 0.5, over 0.25 + 0.01 + 0.09 + 0.01.
  check_row(p({.temperature = 0.5}), 0, {25.0 / 36, 1.0 / 36, 9.0 / 36, 1.0 / 36});
  check_row(p({.top_k = 2}), 0, {0.625, 0, 0.375, 0});
  check_row(p({.top_k = 2}), 1, {0, 0.2 / 0.75, 0, 0.55 / 0.75});
  check_row(p({.top_p = 0.7}), 0, {0.625, 0, 0.375, 0});
  // Of the two best, 0.625 and 0.375, the first alone reaches 0.6.
  check_row(p({.top_k = 2, .top_p = 0.6}), 0, {1, 0, 0, 0});
  check_row(p({.temperature = 0}), 1, {0, 0, 0, 1});
  check_row(p({.top_k = 1}), 1, {0, 0, 0, 1});
  check_row(p({.temperature = 1e-300}), 1, {0, 0, 0, 1});
  // Keskar et al.: the penalty comes before the temperature; log p < 0 is multiplied.
  const Tensor penalized = next_token_probabilities(tensor({{std::log(0.5), std::log(0.5)}}),
                                                    tensor({{0}}), {.repetition_penalty = 2});
  check_row(penalized, 0, {1.0 / 3, 2.0 / 3});
  check_error([&] { p({.temperature = -1}); }, "expected a temperature of at least 0, got -1");
  check_error([&] { p({.top_k = -1}); }, "expected a top_k of at least 0, got -1");
}

TEST_CASE("tokens are drawn as often as their probabilities say") {
  const int64_t rows = 20000;
  const Decoder decoder{
      .step =
          [&](const Tensor& tokens, const DecoderState&) {
            return DecoderStep{.logits = expand(narrow(logits(), 0, 0, 1), {tokens.numel(), 4})};
          },
      .read = zeros({rows, 1}, {.dtype = i64})};
  Generator generator(5);
  const auto found = generate(decoder, {.max_tokens = 1, .generator = &generator});
  std::vector<double> share(4);
  for (const Hypothesis& row : found) share[size_t(row.tokens[0])] += 1.0 / double(rows);
  for (size_t v = 0; v < 4; ++v)
    CHECK(share[v] == Approx(std::vector{0.5, 0.1, 0.3, 0.1}[v]).margin(0.012));
}

TEST_CASE("generated text depends on its generator alone, and is told as it comes") {
  manual_seed(2);
  const TinyAttention model(5, 64);
  const Tensor prompts = tensor({{1, 2, 3}, {4, 0, 1}, {2, 2, 2}});
  const auto texts = [&](uint64_t seed) {
    Generator generator(seed);
    std::vector<std::vector<int64_t>> all;
    for (auto& row : generate(model, prompts, {.max_tokens = 20, .generator = &generator}))
      all.push_back(row.tokens);
    return all;
  };
  CHECK(texts(1) == texts(1));
  CHECK(texts(1) != texts(2));

  std::vector<std::vector<int64_t>> told(3);
  Generator generator(3);
  const auto found = generate(
      model, prompts,
      {.max_tokens = 20,
       .stop = {0, 4},
       .generator = &generator,
       .on_token = [&](int64_t row, int64_t token) { told[size_t(row)].push_back(token); }});
  bool any_ended = false;
  for (size_t b = 0; b < 3; ++b) {
    CHECK(found[b].tokens == told[b]);
    for (const int64_t token : told[b]) CHECK((token != 0 && token != 4));
    CHECK((found[b].ended || found[b].tokens.size() == 20));
    any_ended = any_ended || found[b].ended;
  }
  CHECK(any_ended);
}

TEST_CASE("a temperature of 0 and a top k of 1 are greedy") {
  manual_seed(4);
  const TinyAttention model(6, 64);
  const Tensor prompts = randint(0, 6, {4, 3});
  const auto best = greedy(decoder_of(model, prompts), {.max_length = 15, .eos = -1});
  for (const SamplingOptions& sampling :
       {SamplingOptions{.temperature = 0}, SamplingOptions{.top_k = 1}}) {
    const auto found = generate(model, prompts, {.max_tokens = 15, .sampling = sampling});
    for (size_t b = 0; b < 4; ++b) {
      CHECK(found[b].tokens == best[b].tokens);
      CHECK(found[b].log_probability == Approx(best[b].log_probability));
    }
  }
}

TEST_CASE("texts of a batch end one by one, each as if it were alone") {
  manual_seed(9);
  const TinyAttention model(6, 9);
  const Tensor prompts = randint(0, 6, {12, 3});
  const GenerateOptions options{
      .max_tokens = 25, .sampling = {.repetition_penalty = 1.3, .temperature = 0}, .stop = {0}};
  const auto found = generate(model, prompts, options);
  std::set<size_t> lengths;
  for (int64_t b = 0; b < 12; ++b) {
    CAPTURE(b);
    const auto alone = generate(model, narrow(prompts, 0, b, 1), options);
    CHECK(found[size_t(b)].tokens == alone[0].tokens);
    CHECK(found[size_t(b)].log_probability == Approx(alone[0].log_probability));
    CHECK(found[size_t(b)].ended);
    lengths.insert(found[size_t(b)].tokens.size());
  }
  CHECK(lengths.size() >= 4);
  CHECK(*lengths.rbegin() > 6);  // more than the context holds
}

namespace {

/// Text drawn after prompts where every token reads all before it anew: tokens (B, count).
Tensor text_without_caches(const LanguageModel& model, const Tensor& prompts, int64_t count,
                           Generator generator) {
  const NoGrad no_grad;
  Tensor all = prompts;
  for (int64_t t = 0; t < count; ++t) {
    const int64_t length = all.size(1), kept = model.context() ? model.context() : length;
    const int64_t start = std::max<int64_t>(0, length - kept);
    const Tensor window = narrow(all, 1, start, length - start);
    const Tensor logits = select(model.forward(window).value(), 1, -1);
    const Tensor p = next_token_probabilities(logits, all);
    all = cat({all, multinomial(p, 1, true, &generator)}, 1);
  }
  return narrow(all, 1, prompts.size(1), count);
}

void check_cached_text(const LanguageModel& model, std::initializer_list<int64_t> lengths) {
  for (const int64_t length : lengths) {
    CAPTURE(model.type(), length);
    const Tensor prompts = randint(0, model.tokens(), {3, length});
    Generator generator(uint64_t(7 + length));
    const Tensor expected = text_without_caches(model, prompts, 20, generator);
    const auto found = generate(model, prompts, {.max_tokens = 20, .generator = &generator});
    for (int64_t b = 0; b < 3; ++b) {
      const auto& tokens = found[size_t(b)].tokens;
      CHECK(distance(expected[b], Values(tokens.begin(), tokens.end())) == 0);
    }
  }
}

}  // namespace

TEST_CASE("text from caches equals text from the whole context, beyond its end too") {
  manual_seed(6);
  check_cached_text(TinyAttention(6, 7), {1, 4, 7, 8, 11});
  CharRnn rnn({.tokens = 6, .embedding = 8, .hidden = 12});
  for (const Variable& p : rnn.parameters()) mul_(p.value(), 3.0);
  rnn.eval();
  check_cached_text(rnn, {1, 5});
  for (const char* positions : {"learned", "rotary", "alibi"}) {
    Gpt gpt(
        {.tokens = 6, .context = 9, .layers = 2, .heads = 2, .width = 8, .positions = positions});
    for (const Variable& p : gpt.parameters()) mul_(p.value(), 4.0);
    gpt.eval();
    check_cached_text(gpt, {1, 5, 9, 10, 14});
  }
}

TEST_CASE("generation says what it expected") {
  const TinyAttention model(5, 8);
  check_error(
      [&] {
        generate(model, zeros({1, 0}, {.dtype = i64}));
      },
      "decoder_of: expected prompts (batch, tokens) of i64 with at least one token, got");
  check_error([&] { generate(model, tensor({{1}}), {.max_tokens = 0}); },
              "generate: expected a max_length of at least 1, got 0");
  check_error([] { generate(Decoder{}); }, "generate: the decoder has no step function");
}
