// Beam search and forced decoding: against exhaustive search, and with caches against without.
#include <algorithm>
#include <cmath>

#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/core/softmax.h"
#include "heed/models/bahdanau.h"
#include "heed/models/char_rnn.h"
#include "heed/models/decode/beam_search.h"
#include "heed/models/decode/forced.h"
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

constexpr int64_t eos = 2;

/// The steps of a language model that keeps nothing and reads everything anew.
Decoder without_cache(const LanguageModel& model, const Tensor& prompts) {
  const int64_t known = prompts.size(1) - 1;
  return {.step =
              [&model](const Tensor& tokens, const DecoderState& state) {
                const Tensor all = cat({state.rows[0].value(), unsqueeze(tokens, 1)}, 1);
                const Variable logits = select(model.forward(all), 1, -1);
                return DecoderStep{.logits = logits, .state = {.rows = {Variable(all)}}};
              },
          .state = {.rows = {Variable(narrow(prompts, 1, 0, known))}},
          .read = prompts};
}

Bahdanau bahdanau(uint64_t seed, const char* cell = "gru") {
  manual_seed(seed);
  Bahdanau model(
      {.source_tokens = 6, .target_tokens = 5, .embedding = 5, .hidden = 6, .cell = cell});
  model.eval();
  for (const Variable& p : model.parameters()) mul_(p.value(), 2.5);
  return model;
}

struct Scored {
  std::vector<int64_t> tokens;  // without <eos>
  bool ended = false;
  double log_probability = 0, score = 0;
};

/// What forced decoding makes of one sequence of a batch of one, under the formula of Wu et al.
Scored scored(const Decoder& decoder, std::vector<int64_t> tokens, bool ended,
              const BeamOptions& options) {
  std::vector<int64_t> target = tokens;
  if (ended) target.push_back(options.eos);
  const int64_t length = int64_t(target.size());
  const ForcedResult forced = forced_decode(decoder, from_values(target, {1, length}));
  const double log_p = sum(forced.log_probabilities).item();
  double score = log_p / std::pow(double(5 + length) / 6, options.alpha);
  if (options.coverage > 0) {
    const int64_t count = decoder.lengths[0].item<int64_t>();
    for (int64_t j = 0; j < count; ++j) {
      double seen = 0;
      for (int64_t t = 0; t < length; ++t) seen += forced.weights.at({0, t, j});
      score += options.coverage * std::log(std::min(seen, 1.0));
    }
  }
  return {std::move(tokens), ended, log_p, score};
}

/// Every sequence that ends within max_length tokens, the best first.
std::vector<Scored> exhaustive(const Decoder& decoder, int64_t tokens, const BeamOptions& options) {
  std::vector<std::vector<int64_t>> open{{}};
  std::vector<Scored> all;
  for (int64_t length = 0; length < options.max_length; ++length) {
    std::vector<std::vector<int64_t>> longer;
    for (const auto& path : open) {
      all.push_back(scored(decoder, path, true, options));
      for (int64_t token = 0; token < tokens; ++token) {
        if (token == options.eos) continue;
        longer.push_back(path);
        longer.back().push_back(token);
      }
    }
    open = std::move(longer);
  }
  std::ranges::sort(all, std::greater(), &Scored::score);
  return all;
}

void check_equal(const std::vector<std::vector<Hypothesis>>& a,
                 const std::vector<std::vector<Hypothesis>>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].size() == b[i].size());
    for (size_t n = 0; n < a[i].size(); ++n) {
      CAPTURE(i, n);
      CHECK(a[i][n].tokens == b[i][n].tokens);
      CHECK(a[i][n].score == Approx(b[i][n].score).epsilon(1e-5));
    }
  }
}

}  // namespace

TEST_CASE("a beam wide enough finds the best of all sequences, coverage included") {
  for (const double coverage : {0.0, 0.4}) {
    const Bahdanau model = bahdanau(11);
    const Tensor source = tensor({{3, 1, 5, 4, 0}}), lengths = tensor({4});
    const BeamOptions options{.beam_size = 100, .n_best = 6, .coverage = coverage, .max_length = 3};
    const Decoder decoder = decoder_of(model, source, lengths);
    const auto found = beam_search(decoder, options)[0];
    const auto all = exhaustive(decoder, 5, options);
    REQUIRE(found.size() == 6);
    for (size_t i = 0; i < 6; ++i) {
      CAPTURE(coverage, i);
      CHECK(found[i].tokens == all[i].tokens);
      CHECK(found[i].score == Approx(all[i].score).epsilon(1e-6));
    }
  }
}

TEST_CASE("the coverage penalty changes what is best") {
  // Step t looks at source token t alone; two tokens and <eos> see all three. Ending at once is
  // more probable, but leaves two tokens unread.
  const Tensor looks = eye(3);
  const Decoder decoder{
      .step =
          [&](const Tensor& tokens, const DecoderState& state) {
            const int64_t t = state.rows[0].value()[0].item<int64_t>(), rows = tokens.numel();
            const Tensor seen = (narrow(looks, 0, t, 1) + 0.01);
            const Tensor p = tensor({{std::log(0.2), std::log(0.2), std::log(0.6)}});
            return DecoderStep{.logits = expand(p, {rows, 3}),
                               .state = {.rows = {Variable(state.rows[0].value() + 1)}},
                               .weights = expand(seen, {rows, 3})};
          },
      .state = {.rows = {Variable(tensor({0}))}},
      .read = tensor({{1}})};
  const auto best = [&](double coverage) {
    return beam_search(decoder,
                       {.beam_size = 9, .alpha = 0, .coverage = coverage, .max_length = 3})[0][0];
  };
  CHECK(best(0).tokens.empty());
  CHECK(best(0.1).tokens.empty());
  CHECK(best(1).tokens.size() == 2);
  CHECK(best(0.1).score == Approx(std::log(0.6) + 0.1 * 2 * std::log(0.01)).epsilon(1e-5));
}

namespace {

void check_cached_beams(const LanguageModel& model) {
  CAPTURE(model.type());
  const Tensor prompts = randint(0, model.tokens(), {3, 4});
  const Decoder cached = decoder_of(model, prompts), plain = without_cache(model, prompts);
  const BeamOptions options{.beam_size = 4, .n_best = 3, .max_length = 10};
  check_equal(beam_search(cached, options), beam_search(plain, options));
  const auto one = beam_search(cached, {.beam_size = 1, .max_length = 10});
  const auto best = greedy(cached, {.max_length = 10}), same = greedy(plain, {.max_length = 10});
  for (size_t b = 0; b < 3; ++b) {
    CHECK(one[b][0].tokens == best[b].tokens);
    CHECK(best[b].tokens == same[b].tokens);
  }
}

}  // namespace

TEST_CASE("a beam goes on from a prompt, with caches as without") {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    manual_seed(seed);
    check_cached_beams(TinyAttention(5, 32));
    Gpt gpt({.tokens = 5, .context = 20, .layers = 2, .heads = 2, .width = 8});
    CharRnn rnn({.tokens = 5, .embedding = 6, .hidden = 8, .cell = seed % 2 ? "gru" : "lstm"});
    for (LanguageModel* model : std::initializer_list<LanguageModel*>{&gpt, &rnn}) {
      for (const Variable& p : model->parameters()) mul_(p.value(), 4.0);
      model->eval();
      check_cached_beams(*model);
    }
  }
}

TEST_CASE("a wide beam finds a language model's best text") {
  manual_seed(3);
  const TinyAttention model(4, 16);
  const Tensor prompt = tensor({{1, 3}});
  const BeamOptions options{.beam_size = 120, .n_best = 4, .alpha = 0.8, .max_length = 4};
  const auto found = beam_search(decoder_of(model, prompt), options)[0];
  const auto all = exhaustive(decoder_of(model, prompt), 4, options);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(found[i].tokens == all[i].tokens);
    CHECK(found[i].score == Approx(all[i].score).epsilon(1e-6));
  }
}

TEST_CASE("a score is the sum of what forced decoding gives its path") {
  const Bahdanau model = bahdanau(5, "lstm");
  const Tensor source = randint(0, 6, {3, 5}), lengths = tensor({5, 2, 4});
  const auto found =
      beam_search(model, source, lengths, {.beam_size = 4, .n_best = 4, .max_length = 8});
  for (int64_t b = 0; b < 3; ++b) {
    const Decoder decoder =
        decoder_of(model, narrow(source, 0, b, 1), narrow(lengths, 0, b, 1), data::bos_id);
    for (const Hypothesis& h : found[size_t(b)]) {
      const Scored again = scored(decoder, h.tokens, h.ended, {});
      CHECK(h.log_probability == Approx(again.log_probability).epsilon(1e-5));
      CHECK(h.score == Approx(again.score).epsilon(1e-5));
    }
  }
}

TEST_CASE("forced decoding equals teacher forcing and leaves padding out") {
  const Bahdanau model = bahdanau(7);
  const Tensor source = randint(0, 6, {2, 4}), lengths = tensor({4, 3});
  const Tensor target = tensor({{3, 4, 0, eos}, {1, eos, -100, -100}});
  const ForcedResult forced = forced_decode(model, source, lengths, target);
  const Variable logits = model.forward(source, lengths, tensor({{1, 3, 4, 0}, {1, 1, 2, 0}}));
  const Tensor log_p = log_softmax(to(logits.value(), f64), 2);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t t = 0; t < 4; ++t) {
      const int64_t token = target[b][t].item<int64_t>();
      const double expected = token < 0 ? 0 : log_p.at({b, t, token});
      CHECK(forced.log_probabilities.at({b, t}) == Approx(expected).margin(1e-5));
    }
  CHECK(forced.weights.shape() == Shape{2, 4, 4});
}

TEST_CASE("a prefix is written first and the rest chosen after it") {
  const Bahdanau model = bahdanau(9, "lstm");
  const Tensor source = randint(0, 6, {4, 3});
  const Tensor prefix = tensor({{4, 0, 3}, {3, -1, -1}, {-1, -1, -1}, {1, eos, 3}});
  const BeamOptions options{.beam_size = 3, .n_best = 2, .max_length = 8, .prefix = prefix};
  const auto found = beam_search(model, source, {}, options);
  const auto one = greedy(model, source, {}, {.max_length = 8, .prefix = prefix});
  const auto beam =
      beam_search(model, source, {}, {.beam_size = 1, .max_length = 8, .prefix = prefix});
  const auto free = greedy(model, source, {}, {.max_length = 8});
  for (size_t b = 0; b < 4; ++b) {
    CHECK(beam[b][0].tokens == one[b].tokens);
    CHECK(beam[b][0].log_probability == Approx(one[b].log_probability));
    for (const Hypothesis& h : found[b]) {
      const Tensor alone = narrow(source, 0, int64_t(b), 1);
      const Scored again =
          scored(decoder_of(model, alone, {}, data::bos_id), h.tokens, h.ended, {});
      CHECK(h.log_probability == Approx(again.log_probability).epsilon(1e-5));
    }
  }
  for (const Hypothesis& h : found[0]) {
    REQUIRE(h.tokens.size() >= 3);
    CHECK(std::vector(h.tokens.begin(), h.tokens.begin() + 3) == std::vector<int64_t>{4, 0, 3});
  }
  for (const Hypothesis& h : found[1]) CHECK(h.tokens.at(0) == 3);
  CHECK(one[2].tokens == free[2].tokens);
  REQUIRE(found[3].size() == 1);  // the prefix ends it
  CHECK(found[3][0].tokens == std::vector<int64_t>{1});
  CHECK(found[3][0].ended);
}

TEST_CASE("patience never worsens the best score, and can better it") {
  int64_t better = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const Bahdanau model = bahdanau(seed);
    const Tensor source = randint(0, 6, {6, 5});
    std::vector<double> before;
    for (const double patience : {1.0, 2.0, 4.0}) {
      const auto found = beam_search(
          model, source, {},
          {.beam_size = 2, .n_best = 2, .alpha = 2, .patience = patience, .max_length = 10});
      for (size_t b = 0; b < found.size(); ++b) {
        const double score = found[b][0].score;
        if (patience == 1) {
          before.push_back(score);
          continue;
        }
        CHECK(score >= before[b] - 1e-5);  // rows of other batches round differently
        better += score > before[b] + 1e-3;
        before[b] = score;
      }
    }
  }
  CHECK(better > 0);
}

TEST_CASE("beam search and forced decoding say what they expected") {
  const TinyAttention model(5, 8);
  const Decoder decoder = decoder_of(model, tensor({{1, 2}}));
  const auto search = [&](const BeamOptions& options) {
    return [&decoder, options] { beam_search(decoder, options); };
  };
  check_error(search({.coverage = 0.2}),
              "coverage needs attention weights, but the steps give none");
  check_error(search({.coverage = -1}), "beam_search: expected a coverage of at least 0, got -1");
  check_error(search({.patience = 0.5}), "expected a patience of at least 1, got 0.5");
  check_error(search({.prefix = tensor({{1}, {2}})}), "beam_search: expected a prefix (1, tokens)");
  check_error(search({.prefix = tensor({{7}})}), "the prefix has token 7 of 5");
  check_error(
      [&] {
        forced_decode(decoder, tensor({{1}, {2}}));
      },
      "forced_decode: expected a target (1, tokens) of i64, got (2, 1)");
}
