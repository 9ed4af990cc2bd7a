// The sensitivity of outputs to inputs, against differences of the logits.
#include "heed/models/show/sensitivity.h"

#include <cmath>

#include "heed/autograd/recording.h"
#include "heed/autograd/shape.h"
#include "heed/core/elementwise.h"
#include "heed/core/reduce.h"
#include "heed/models/bahdanau.h"
#include "heed/models/char_rnn.h"
#include "heed/models/gpt.h"
#include "heed/models/luong.h"
#include "heed/models/sutskever.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

const Tensor source() { return tensor({4, 1, 3}); }  // no token twice
const Tensor target() { return tensor({3, 5}); }

/// || d logit_t / d x_s || where x_s is a row of the table that only place s looks up.
template <class Logit>
double difference_norm(const Variable& table, int64_t token, Logit logit) {
  double squares = 0;
  const NoGrad no_grad;
  for (int64_t e = 0; e < table.size(1); ++e) {
    double* number = table.value().mutable_data<double>() + token * table.size(1) + e;
    const double before = *number, h = 1e-5;
    *number = before + h;
    const double above = logit();
    *number = before - h;
    const double below = logit();
    *number = before;
    squares += std::pow((above - below) / (2 * h), 2);
  }
  return std::sqrt(squares);
}

void check(Seq2Seq& model, const Variable& table) {
  const Tensor found = show::sensitivity(model, source(), target());
  REQUIRE(found.shape() == Shape{2, 3});
  for (int64_t t = 0; t < 2; ++t)
    for (int64_t s = 0; s < 3; ++s) {
      const double expected = difference_norm(table, source()[s].item<int64_t>(), [&] {
        return model.forward(unsqueeze(source(), 0), {}, tensor({{1, 3}}))
            .value()
            .at({0, t, target()[t].item<int64_t>()});
      });
      CHECK(found.at({t, s}) == Approx(expected).epsilon(1e-6));
    }
}

}  // namespace

TEST_CASE("sensitivity of sequence-to-sequence models, with attention or without") {
  Bahdanau bahdanau({.source_tokens = 5, .target_tokens = 6, .embedding = 3, .hidden = 4});
  Luong luong({.source_tokens = 5, .target_tokens = 6, .embedding = 3, .hidden = 4});
  Sutskever sutskever({.source_tokens = 5, .target_tokens = 6, .embedding = 3, .hidden = 4});
  for (Seq2Seq* model : {static_cast<Seq2Seq*>(&bahdanau), static_cast<Seq2Seq*>(&luong),
                         static_cast<Seq2Seq*>(&sutskever)}) {
    fill_with_patterns(*model);
    model->eval();
  }
  check(bahdanau, bahdanau.source_embedding.weight);
  check(luong, luong.source_embedding.weight);
  check(sutskever, sutskever.source_embedding.weight);
  const NoGrad no_grad;  // it records on its own
  CHECK(show::sensitivity(luong, source(), target()).shape() == Shape{2, 3});
}

TEST_CASE("sensitivity of language models: nothing depends on the future") {
  CharRnn rnn({.tokens = 6, .embedding = 3, .hidden = 4});
  Gpt gpt({.tokens = 6, .context = 8, .layers = 2, .heads = 2, .width = 4});
  gpt.eval();
  for (LanguageModel* model :
       {static_cast<LanguageModel*>(&rnn), static_cast<LanguageModel*>(&gpt)}) {
    fill_with_patterns(*model);
    const Tensor found = show::sensitivity(*model, tensor({4, 1, 3, 2}));
    REQUIRE(found.shape() == Shape{3, 3});
    for (int64_t t = 0; t < 3; ++t)
      for (int64_t s = 0; s < 3; ++s)
        CHECK((s <= t ? found.at({t, s}) > 1e-9 : found.at({t, s}) == 0));
  }
  const double expected = difference_norm(rnn.embedding.weight, 1, [&] {
    return rnn.forward(tensor({{4, 1, 3}})).value().at({0, 2, 2});
  });
  CHECK(show::sensitivity(rnn, tensor({4, 1, 3, 2})).at({2, 1}) == Approx(expected).epsilon(1e-6));
}

TEST_CASE("sensitivity_map: rows are shares, rows of zeros stay") {
  const Tensor given = tensor({{3.0, 1.0}, {0.0, 0.0}});
  const show::AttentionMap map = show::sensitivity_map({"a", "b"}, {"c", "d"}, given, "t");
  CHECK(map.weights == std::vector<double>{0.75, 0.25, 0, 0});
  CHECK(map.title == "t");
}

TEST_CASE("sensitivity says what it expected") {
  CharRnn rnn({.tokens = 6, .embedding = 3, .hidden = 4});
  check_error([&] { show::sensitivity(rnn, tensor({4})); }, "at least 2 tokens");
  rnn.freeze();
  check_error(
      [&] {
        show::sensitivity(rnn, tensor({4, 1}));
      },
      "looks up no embeddings (1, 1, size) with a gradient");
}
