// Pointer networks and the convex hulls that they are trained on.
#include "heed/models/pointer.h"

#include <set>

#include "heed/autograd/gradcheck.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/elementwise.h"
#include "heed/core/softmax.h"
#include "heed/models/data/convex_hull.h"
#include "heed/models/decode/beam_search.h"
#include "heed/models/decode/greedy.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"
#include "heed/optim/schedule.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using data::Point;
using models::Pointer;
using Indices = std::vector<int64_t>;

namespace {

double turn(const Point& o, const Point& a, const Point& b) {
  return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

Pointer make() {
  Pointer model({.features = 2, .hidden = 4});
  fill_with_patterns(model);
  return model;
}

// Two inputs: lengths 4 and 2.
Tensor points() { return pattern({2, 4, 2}); }
Tensor lengths() { return tensor({4, 2}); }
Tensor target_in() { return tensor({{0, 3, 1}, {0, 2, 1}}); }

}  // namespace

TEST_CASE("convex_hull: corners counter-clockwise from the lowest number") {
  const std::vector<Point> square = {{0.5, 0.5}, {1, 1}, {0, 0}, {0, 1}, {1, 0}, {0.5, 0}};
  CHECK(data::convex_hull(square) == Indices{2, 4, 3, 5});
  CHECK(data::convex_hull(std::vector<Point>{{0, 0}, {1, 0}, {0, 1}}) == Indices{1, 2, 3});
  CHECK(data::convex_hull(std::vector<Point>{{0, 0}, {0, 1}, {1, 0}}) == Indices{1, 3, 2});
  CHECK(data::convex_hull(std::vector<Point>{{0, 0}, {2, 2}, {1, 1}}) == Indices{1, 2});
  CHECK(data::convex_hull(std::vector<Point>{{1, 0}, {0, 0}}) == Indices{1, 2});
  CHECK(data::convex_hull({}).empty());
}

TEST_CASE("hull_batch: each corner turns left, every other point lies inside") {
  Generator generator(1);
  const data::HullBatch batch = data::hull_batch(200, 3, 9, generator);
  std::set<int64_t> sizes;
  for (int64_t b = 0; b < 200; ++b) {
    const int64_t n = batch.lengths.at({b});
    sizes.insert(n);
    std::vector<Point> set;
    for (int64_t i = 0; i < n; ++i)
      set.push_back({batch.points.at({b, i, 0}), batch.points.at({b, i, 1})});
    const Indices& hull = batch.hulls[size_t(b)];
    CHECK(hull[0] == *std::ranges::min_element(hull));
    CHECK(data::convex_hull(set) == hull);
    for (size_t k = 0; k < hull.size(); ++k) {
      const Point &from = set[size_t(hull[k] - 1)],
                  &to = set[size_t(hull[(k + 1) % hull.size()] - 1)];
      for (int64_t i = 1; i <= n; ++i)
        if (std::ranges::find(hull, i) == hull.end()) CHECK(turn(from, to, set[size_t(i - 1)]) > 0);
    }
    CHECK(batch.target_in.at({b, 0}) == 0);
    for (size_t k = 0; k <= hull.size(); ++k) {
      CHECK(batch.target_out.at({b, int64_t(k)}) == hull[k % hull.size()]);
      CHECK(batch.target_in.at({b, int64_t(k) + 1}) == hull[k % hull.size()]);
    }
    CHECK(batch.target_out.at({b, int64_t(hull.size()) + 1}) == 0);
  }
  CHECK(sizes == std::set<int64_t>{3, 4, 5, 6, 7, 8, 9});
  Generator same(1);
  CHECK(equal(data::hull_batch(200, 3, 9, same).points, batch.points));
  check_error([&] { data::hull_batch(1, 5, 4, generator); }, "1 <= least <= most, got 1, 5 and 4");
}

TEST_CASE("same_polygon: from any corner, either way round") {
  const Indices hull{2, 5, 3, 7};
  for (const Indices& other : {Indices{2, 5, 3, 7, 2}, {3, 7, 2, 5}, {7, 3, 5, 2}, {2, 7, 3, 5, 2}})
    CHECK(data::same_polygon(hull, other));
  for (const Indices& other : {Indices{2, 3, 5, 7}, {2, 5, 3}, {2, 5, 3, 7, 7}, {}})
    CHECK(!data::same_polygon(hull, other));
}

TEST_CASE("Pointer: the equations, written out") {
  const Pointer model = make();
  const models::DecoderState state = model.encode(points(), lengths());
  const Tensor logits = model.forward(points(), lengths(), target_in()).value();
  REQUIRE(logits.shape() == Shape{2, 3, 5});
  const auto encoded = model.encoder(points(), {.lengths = lengths()});
  const Tensor first = expand(unsqueeze(model.begin.value(), 0), Shape{2, 2});
  const auto d =
      lstm_cell(first, encoded.h_n[0], encoded.c_n[0], model.decoder.layers[0].weights());
  const Tensor q = model.query(d.h).value();
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t j = 0; j <= lengths().at({b}); ++j) {
      const Tensor e = j == 0 ? model.end.value() : encoded.output.value()[b][j - 1];
      const Tensor k = model.key(unsqueeze(e, 0)).value();
      double u = 0;
      for (int64_t h = 0; h < 4; ++h)
        u += model.v.value().at({h}) * std::tanh(k.at({0, h}) + q.at({b, h}));
      CHECK(logits.at({b, 0, j}) == Approx(u).epsilon(1e-12));
    }
  CHECK(distance(narrow(softmax(logits[1], 1), 1, 3, 2), zeros({3, 2})) == 0);
}

TEST_CASE("Pointer: steps are forward, padding changes nothing, gradients reach all") {
  Pointer model = make();
  const Variable whole = model.forward(points(), lengths(), target_in());
  models::DecoderState state = model.encode(points(), lengths());
  for (int64_t t = 0; t < 3; ++t) {
    const models::DecoderStep step = model.step(select(target_in(), 1, t), state);
    CHECK(distance(narrow(step.logits.value(), 1, 0, 3),
                   narrow(select(whole, 1, t), 1, 0, 3).value()) < 1e-14);
    CHECK(distance(step.weights.value(), softmax(select(whole, 1, t).value(), 1)) < 1e-14);
    state = step.state;
  }
  const Variable alone =
      model.forward(narrow(narrow(points(), 0, 1, 1), 1, 0, 2), {}, narrow(target_in(), 0, 1, 1));
  CHECK(distance(alone[0].value(), narrow(whole[1], 1, 0, 3).value()) < 1e-13);
  const auto loss = [&] {
    return nn::cross_entropy(model.forward(points(), lengths(), target_in()),
                             tensor({{3, 4, 0}, {2, 1, -100}}));
  };
  CHECK(nn::unlisted_leaves(model, loss()).empty());
  const auto result = gradcheck([&](auto) { return std::vector{loss()}; }, model.parameters(),
                                {.entries_per_input = 2});
  INFO(result.message);
  CHECK(result.ok);
}

TEST_CASE("Pointer: learns which way round three points go, greedily and by beam search") {
  manual_seed(1);
  Pointer model({.hidden = 32});
  optim::Adam adam(model.named_parameters(), {.lr = 1e-2});
  Generator generator(2);
  for (int step = 0; step < 1000; ++step) {
    const data::HullBatch batch = data::hull_batch(64, 3, 3, generator);
    adam.zero_grad();
    nn::cross_entropy(model.forward(batch.points, batch.lengths, batch.target_in), batch.target_out)
        .backward();
    optim::clip_grad_norm_(adam.parameters(), 2);
    adam.set_lr_factor(optim::linear_warmup(step, 100) * optim::cosine(step, 1000));
    adam.step();
  }
  model.eval();
  const data::HullBatch test = data::hull_batch(200, 3, 3, generator);
  const models::Decoder decoder = models::decoder_of(model, test.points, test.lengths);
  const auto greedy = models::greedy(decoder, {.max_length = 6, .eos = 0});
  const auto beam = models::beam_search(decoder, {.beam_size = 3, .max_length = 6, .eos = 0});
  int right = 0, found = 0;
  for (size_t b = 0; b < 200; ++b) {
    Indices expected = test.hulls[b];
    expected.push_back(expected[0]);
    right += greedy[b].tokens == expected;
    found += beam[b][0].tokens == expected;
    CHECK(greedy[b].weights.shape() ==
          Shape{int64_t(greedy[b].tokens.size()), test.lengths[int64_t(b)].item<int64_t>() + 1});
  }
  INFO(right << ", " << found);
  CHECK(right >= 150);
  CHECK(found >= right - 5);
}

TEST_CASE("Pointer: configuration and misuse") {
  CHECK(make().config().dump() == R"({"features":2,"hidden":4})");
  check_error([] { Pointer({.features = 0}); }, "Pointer: features");
  check_error([] { make().encode(pattern({2, 4, 3})); }, "(batch, elements, 2), got (2, 4, 3)");
  check_error([] { make().forward(points(), lengths(), tensor({{0}})); }, "target_in (2, steps)");
}
