// Perplexity and accuracy of a model on pairs.
#include <cmath>

#include "heed/core/creation.h"
#include "heed/core/generator.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/bahdanau.h"
#include "heed/models/decode/forced.h"
#include "heed/models/train/pair_fit.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

TEST_CASE("the fit on pairs adds up what forced decoding gives each token") {
  manual_seed(4);
  Bahdanau model({.source_tokens = 7, .target_tokens = 6, .embedding = 4, .hidden = 6});
  model.eval();
  const std::vector<data::EncodedPair> pairs = {{{4, 5, 6}, {4, 5}},
                                                {{5}, {}},
                                                {{6, 4}, {5, 5, 4, 4}},
                                                {{4, 4, 4, 5}, {4}},
                                                {{6}, {4, 5, 5}}};
  double nats = 0;
  int64_t tokens = 0, right = 0;
  for (const auto& pair : pairs) {
    std::vector<int64_t> target = pair.target;
    target.push_back(data::eos_id);
    const Tensor source = from_values(pair.source, {1, int64_t(pair.source.size())});
    const Tensor all = from_values(target, {1, int64_t(target.size())});
    nats -= sum(forced_decode(model, source, {}, all).log_probabilities).item();
    tokens += all.numel();
    std::vector<int64_t> in = pair.target;
    in.insert(in.begin(), data::bos_id);
    const Tensor best =
        argmax(model.forward(source, {}, from_values(in, {1, int64_t(in.size())})).value(), 2);
    for (int64_t t = 0; t < all.numel(); ++t) right += best.at({0, t}) == all.at({0, t});
  }
  for (const int64_t batch_size : {1, 2, 128}) {
    const PairFit fit = fit_of(model, pairs, batch_size);
    CHECK(fit.tokens == 15);
    CHECK(fit.tokens == tokens);
    CHECK(fit.right == right);
    CHECK(fit.nats == Approx(nats).epsilon(1e-5));
    CHECK(fit.perplexity() == Approx(std::exp(nats / 15)).epsilon(1e-5));
    CHECK(fit.accuracy() == Approx(100.0 * double(right) / 15));
  }
  check_error([&] { fit_of(model, {}); }, "fit_of: expected at least one pair, got none");
  check_error([&] { fit_of(model, pairs, 0); }, "expected a batch_size of at least 1, got 0");
}
