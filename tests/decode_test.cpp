// Greedy decoding and beam search: over a table of probabilities where the best answer is known,
// and over models with random parameters.
#include <algorithm>

#include "heed/autograd/recording.h"
#include "heed/autograd/softmax.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/models/bahdanau.h"
#include "heed/models/decode/beam_search.h"
#include "heed/models/decode/greedy.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

enum : int64_t { pad_token, bos, eos, A, B, token_count };

/// The next token's probabilities depend on the last token and on which of two tables the source's
/// first token names. Its "attention" shows what each step saw: [table, last token, step].
struct Table : Seq2Seq {
  Table() {
    const auto row = [this](int64_t table, int64_t last, double e, double a, double b) {
      for (const auto& [token, p] : {std::pair{eos, e}, {A, a}, {B, b}})
        probability[table][last][token] = p;
    };
    row(0, bos, 0, 0.6, 0.4);  // A looks better, but only B ends well
    row(0, A, 0.35, 0.33, 0.32);
    row(0, B, 0.9, 0.05, 0.05);
    row(1, bos, 0.1, 0.2, 0.7);
    row(1, A, 0.5, 0.25, 0.25);
    row(1, B, 0.3, 0.6, 0.1);
  }

  DecoderState encode(const Tensor& source, const Tensor&) const override {
    return {{Variable(zeros({source.size(0)}, {.dtype = i64}))}, {Variable(select(source, 1, 0))}};
  }
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const override {
    Tensor logits = zeros({tokens.numel(), token_count}, {.dtype = f64});
    double* out = logits.mutable_data<double>();
    for (int64_t r = 0; r < tokens.numel(); ++r)
      for (int64_t v = 0; v < token_count; ++v)
        *out++ = std::log(probability[table(state, r)][tokens[r].item<int64_t>()][v]);
    const Tensor t = state.rows[0].value();
    const Tensor seen = stack({state.memory[0].value(), tokens, t}, 1);
    return {logits, {{Variable(t + 1)}, state.memory}, Variable(heed::to(seen, f64))};
  }
  Variable forward(const Tensor&, const Tensor&, const Tensor&, nn::AttentionMaps*) const override {
    return {};
  }
  std::string type() const override { return "table"; }
  Json config() const override { return Json::object(); }
  void members(nn::MemberVisitor&) override {}

  static int64_t table(const DecoderState& state, int64_t row) {
    return state.memory[0].value()[row].item<int64_t>();
  }
  double probability[2][token_count][token_count] = {};
};

const Tensor table_source() { return tensor({{0, 0, 0}, {1, 0, 0}}); }
const Tensor table_lengths() { return tensor({3, 2}); }

/// Every sequence of a table that ends within `length` tokens, by brute force: its probability.
void enumerate(const Table& model, int64_t table, std::vector<int64_t>& path, double p,
               int64_t length, std::vector<std::pair<double, std::vector<int64_t>>>& all) {
  if (length == 0 || p == 0) return;
  const double* next = model.probability[table][path.empty() ? bos : path.back()];
  all.emplace_back(p * next[eos], path);
  for (const int64_t token : {A, B}) {
    path.push_back(token);
    enumerate(model, table, path, p * next[token], length - 1, all);
    path.pop_back();
  }
}

/// A model with random parameters, large enough that its choices are clear.
Bahdanau random_model(uint64_t seed, const char* cell) {
  manual_seed(seed);
  Bahdanau model(
      {.source_tokens = 7, .target_tokens = 6, .embedding = 6, .hidden = 8, .cell = cell});
  model.eval();
  for (const Variable& p : model.parameters()) mul_(p.value(), 2.5);
  return model;
}

struct Sentences {
  Tensor source = randint(0, 7, {4, 5});
  Tensor lengths = tensor({5, 3, 1, 4});
};

/// The sum of log p along a hypothesis, from one pass of teacher forcing.
double path_log_probability(const Bahdanau& model, const Sentences& in, int64_t sentence,
                            const Hypothesis& found) {
  std::vector<int64_t> read{bos}, written = found.tokens;
  read.insert(read.end(), found.tokens.begin(), found.tokens.end());
  if (found.ended)
    written.push_back(eos);
  else
    read.pop_back();
  const Variable logits =
      model.forward(narrow(in.source, 0, sentence, 1), narrow(in.lengths, 0, sentence, 1),
                    from_values(read, {1, int64_t(read.size())}));
  const Tensor log_p = log_softmax(logits[0], 1).value();
  double sum = 0;
  for (size_t t = 0; t < written.size(); ++t) sum += log_p.at({int64_t(t), written[t]});
  return sum;
}

}  // namespace

TEST_CASE("greedy takes the best token in every step") {
  const auto found = greedy(Table(), table_source(), table_lengths());
  REQUIRE(found.size() == 2);
  CHECK(found[0].tokens == std::vector<int64_t>{A});
  CHECK(found[0].ended);
  CHECK(found[0].log_probability == Approx(std::log(0.6 * 0.35)));
  CHECK(found[1].tokens == std::vector<int64_t>{B, A});
  CHECK(found[1].log_probability == Approx(std::log(0.7 * 0.6 * 0.5)));
  // Weights: a row for each token, a column for each token of that source.
  CHECK(found[1].weights.shape() == Shape{2, 2});
  CHECK(distance(found[1].weights, {1, double(bos), 1, double(B)}) == 0);
  const auto cut = greedy(Table(), table_source(), table_lengths(), {.max_length = 1});
  CHECK(cut[1].tokens == std::vector<int64_t>{B});
  CHECK(!cut[1].ended);
  CHECK(!greedy(Table(), table_source(), table_lengths(), {.maps = false})[0].weights.defined());
}

TEST_CASE("rows that have ended are no longer computed") {
  const Table model;
  const Tensor source = tensor({{0, 0}, {1, 0}, {0, 0}, {1, 0}, {1, 0}});
  const int none = -1, end = eos, a = A, b = B;
  const Tensor prefix = tensor({{a, end, none, none, none},
                                {b, a, a, b, end},
                                {end, none, none, none, none},
                                {a, a, end, none, none},
                                {b, a, b, a, end}});
  std::vector<int64_t> rows;
  Decoder decoder = decoder_of(model, source, {}, bos);
  decoder.step = [&](const Tensor& tokens, const DecoderState& state) {
    rows.push_back(tokens.numel());
    return model.step(tokens, state);
  };
  const auto found = greedy(decoder, {.prefix = prefix});
  CHECK(rows == std::vector<int64_t>{5, 5, 3, 2, 2});
  for (int64_t i = 0; i < 5; ++i) {
    CAPTURE(i);
    const auto alone =
        greedy(model, narrow(source, 0, i, 1), {}, {.prefix = narrow(prefix, 0, i, 1)});
    CHECK(found[size_t(i)].tokens == alone[0].tokens);
    CHECK(found[size_t(i)].log_probability == alone[0].log_probability);
    CHECK(same_bits(found[size_t(i)].weights, alone[0].weights));
  }
}

TEST_CASE("tokens that must never be written are not, unless a prefix asks for them") {
  const std::vector<int64_t> never = {A};
  const Tensor prefix = tensor({{-1, -1}, {int(A), -1}});
  for (const bool beams : {false, true}) {
    const auto found = [&](const Tensor& forced) {
      if (!beams) {
        return greedy(Table(), table_source(), table_lengths(), {.prefix = forced, .never = never});
      }
      std::vector<Hypothesis> best;
      for (auto& all : beam_search(Table(), table_source(), table_lengths(),
                                   {.beam_size = 3, .prefix = forced, .never = never})) {
        best.push_back(all.at(0));
      }
      return best;
    };
    const auto free = found({}), forced = found(prefix);
    for (const auto& row : {free[0], free[1], forced[0]}) {
      CHECK(std::ranges::count(row.tokens, A) == 0);
    }
    CHECK(free[0].tokens == std::vector<int64_t>{B});
    CHECK(free[0].log_probability == Approx(std::log(0.4 * 0.9)));  // as the model has it
    CHECK(forced[1].tokens == std::vector<int64_t>{A});
    CHECK(forced[1].log_probability == Approx(std::log(0.2 * 0.5)));
  }
  check_error([] { greedy(Table(), table_source(), table_lengths(), {.never = {99}}); },
              "expected tokens that are never written in [0, 5), got 99");
}

TEST_CASE("beam search finds what greedy misses") {
  const auto found = beam_search(Table(), table_source(), table_lengths(),
                                 {.beam_size = 2, .n_best = 2, .alpha = 0});
  CHECK(found[0][0].tokens == std::vector<int64_t>{B});
  CHECK(found[0][0].log_probability == Approx(std::log(0.4 * 0.9)));
  CHECK(found[0][1].tokens == std::vector<int64_t>{A});
  CHECK(distance(found[0][0].weights, {0, double(bos), 0}) == 0);
}

TEST_CASE("a beam wide enough is exhaustive search") {
  const Table model;
  for (const double alpha : {0.0, 1.0}) {
    const auto found = beam_search(model, table_source(), table_lengths(),
                                   {.beam_size = 40, .n_best = 5, .alpha = alpha, .max_length = 4});
    for (int64_t table : {0, 1}) {
      std::vector<std::pair<double, std::vector<int64_t>>> all;
      std::vector<int64_t> path;
      enumerate(model, table, path, 1, 4, all);
      for (auto& [p, tokens] : all)
        p = std::log(p) / std::pow(double(5 + tokens.size() + 1) / 6, alpha);
      std::ranges::sort(all, std::greater());
      for (size_t i = 0; i < 5; ++i) {
        const Hypothesis& hypothesis = found[size_t(table)][i];
        CHECK(hypothesis.score == Approx(all[i].first));
        CHECK(hypothesis.ended);
        // Step t of the path read the token before, in the right row of the right batch.
        for (size_t t = 0; t < hypothesis.tokens.size(); ++t) {
          CHECK(hypothesis.weights.at({int64_t(t), 0}) == double(table));
          CHECK(hypothesis.weights.at({int64_t(t), 1}) ==
                double(t == 0 ? int64_t(bos) : hypothesis.tokens[t - 1]));
        }
      }
      CHECK(found[size_t(table)][0].tokens == all[0].second);
    }
  }
}

TEST_CASE("a beam of 1 is greedy") {
  for (const char* cell : {"lstm", "gru"}) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const Bahdanau model = random_model(seed, cell);
      const Sentences in;
      const auto one = greedy(model, in.source, in.lengths, {.max_length = 12});
      const auto beam =
          beam_search(model, in.source, in.lengths, {.beam_size = 1, .max_length = 12});
      for (size_t b = 0; b < one.size(); ++b) {
        REQUIRE(beam[b].size() == 1);
        CHECK(beam[b][0].tokens == one[b].tokens);
        CHECK(beam[b][0].ended == one[b].ended);
        CHECK(beam[b][0].log_probability == Approx(one[b].log_probability).epsilon(1e-6));
        CHECK(distance(beam[b][0].weights, one[b].weights) < 1e-6);
      }
    }
  }
}

TEST_CASE("a score is the normalised sum of its path's log-probabilities") {
  for (const double alpha : {0.0, 0.6}) {
    const Bahdanau model = random_model(3, "lstm");
    const Sentences in;
    const auto found = beam_search(model, in.source, in.lengths,
                                   {.beam_size = 4, .n_best = 4, .alpha = alpha, .max_length = 10});
    for (size_t b = 0; b < found.size(); ++b) {
      for (size_t i = 0; i < found[b].size(); ++i) {
        const Hypothesis& h = found[b][i];
        const double sum = path_log_probability(model, in, int64_t(b), h);
        CHECK(h.log_probability == Approx(sum).epsilon(1e-5));
        const double length = double(h.tokens.size() + h.ended);
        CHECK(h.score == Approx(h.log_probability / std::pow((5 + length) / 6, alpha)));
        CHECK(h.weights.shape() ==
              Shape{int64_t(h.tokens.size()), in.lengths[int64_t(b)].item<int64_t>()});
        if (i == 0) continue;
        const Hypothesis& before = found[b][i - 1];
        CHECK(before.ended >= h.ended);
        if (before.ended == h.ended) CHECK(before.score >= h.score);
        CHECK(before.tokens != h.tokens);
      }
    }
  }
}

TEST_CASE("a sentence decodes alike alone and in a batch") {
  const Bahdanau model = random_model(8, "gru");
  const Sentences in;
  const BeamOptions options{.beam_size = 3, .n_best = 2, .max_length = 12};
  const auto batch = beam_search(model, in.source, in.lengths, options);
  for (int64_t b = 0; b < 4; ++b) {
    const int64_t length = in.lengths[b].item<int64_t>();
    const auto alone = beam_search(model, narrow(narrow(in.source, 0, b, 1), 1, 0, length),
                                   tensor({length}), options)[0];
    REQUIRE(alone.size() == batch[size_t(b)].size());
    for (size_t i = 0; i < alone.size(); ++i) {
      CHECK(alone[i].tokens == batch[size_t(b)][i].tokens);
      CHECK(alone[i].score == Approx(batch[size_t(b)][i].score).epsilon(1e-5));
    }
  }
}

TEST_CASE("reorder moves the rows of a state") {
  const DecoderState state{{Variable(tensor({{1.0, 2.0}, {3.0, 4.0}}))},
                           {Variable(tensor({5, 6}))}};
  const DecoderState all = reorder(state, tensor({1, 1, 0}));
  CHECK(distance(all.rows[0].value(), {3, 4, 3, 4, 1, 2}) == 0);
  CHECK(distance(all.memory[0].value(), {6, 6, 5}) == 0);
  const DecoderState rows = reorder(state, tensor({1, 0}), {});
  CHECK(distance(rows.rows[0].value(), {3, 4, 1, 2}) == 0);
  CHECK(distance(rows.memory[0].value(), {5, 6}) == 0);
}

TEST_CASE("decoding says what it expected") {
  const Table model;
  check_error([&] { greedy(model, table_source(), tensor({3})); },
              "greedy: expected a source (batch, steps) and lengths (batch) of i64, got (2, 3)");
  const int64_t steps = table_source().size(1);
  for (const int64_t wrong : {int64_t{-3}, steps + 1}) {
    const Tensor lengths = clone(table_lengths());
    lengths[1].fill_(wrong);
    const std::string error = "lengths[1] is " + text(wrong) + ", expected 0 to " + text(steps);
    check_error([&] { greedy(model, table_source(), lengths); }, "greedy: " + error);
    check_error([&] { beam_search(model, table_source(), lengths); }, "beam_search: " + error);
  }
  check_error([&] { greedy(model, table_source(), table_lengths(), {.max_length = 0}); },
              "greedy: expected a max_length of at least 1, got 0");
  const auto search = [&](const BeamOptions& options) {
    return [&model, options] { beam_search(model, table_source(), table_lengths(), options); };
  };
  check_error(search({.beam_size = 2, .n_best = 3}), "1 <= n_best <= beam_size, got 3 and 2");
  check_error(search({.beam_size = 0}), "1 <= n_best <= beam_size, got 1 and 0");
  check_error(search({.alpha = -1}), "beam_search: expected an alpha of at least 0, got -1");
}
