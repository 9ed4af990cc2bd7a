// A network that points: it reads points of the plane and names those at the corners of their
// convex hull, one after the other. What it writes are places of its input, because attention is
// the output. It learns from sets of 5 to 10 points and counts as right when it goes once round
// the true polygon, from whichever corner.
// Vinyals, Fortunato & Jaitly 2015, "Pointer networks", section 4.2 and table 1 (theirs: 256 or
// 512 units, sets of 5 to 50 points).
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t least = 5, most = 10, hidden = 128, batch_size = 128;

double accuracy(const models::Pointer& model, int64_t points, int64_t sets) {
  Generator generator(99);
  const data::HullBatch batch = data::hull_batch(sets, points, points, generator);
  const auto written = models::greedy(models::decoder_of(model, batch.points),
                                      {.max_length = points + 2, .eos = 0, .maps = false});
  int64_t right = 0;
  for (int64_t row = 0; row < sets; ++row)
    right += data::same_polygon(written[size_t(row)].tokens, batch.hulls[size_t(row)]);
  return double(right) / double(sets);
}

/// The points of one set, and the path that the model takes round them.
std::string picture(const models::Pointer& model) {
  Generator generator(7);
  const data::HullBatch batch = data::hull_batch(1, most, most, generator);
  const auto path = models::greedy(models::decoder_of(model, batch.points),
                                   {.max_length = most + 2, .eos = 0, .maps = false})[0];
  show::Series points{.name = "the points", .dots = true}, corners{.name = "what it points at"};
  const auto at = [&](int64_t i) {
    return std::pair(batch.points.at({0, i, 0}), batch.points.at({0, i, 1}));
  };
  for (int64_t i = 0; i < most; ++i) points.points.push_back(at(i));
  for (const int64_t token : path.tokens)
    if (token > 0) corners.points.push_back(at(token - 1));
  return show::svg({.title = "The hull of ten points",
                    .x = {.name = "x"},
                    .y = {.name = "y"},
                    .series = {points, corners}});
}

}  // namespace

int main(int count, char** words) {
  return tutorial("pointer", count, words, [](Tutorial& t) {
    models::Pointer model({.features = 2, .hidden = hidden});
    optim::Adam adam(model.named_parameters(), {.lr = 3e-3});
    const int64_t steps = t.steps(100000);
    show::Series five{.name = "5 points"}, ten{.name = "10 points"};
    for (int64_t step = 0; step < steps; ++step) {
      const data::HullBatch batch = data::hull_batch(batch_size, least, most, default_generator());
      const Variable loss = nn::cross_entropy(
          model.forward(batch.points, batch.lengths, batch.target_in), batch.target_out);
      adam.zero_grad();
      loss.backward();
      optim::clip_grad_norm_(adam.parameters(), 2);
      adam.set_lr_factor(optim::linear_warmup(step, 100) * optim::cosine(step, steps));
      adam.step();
      t.progress(step + 1, steps, loss.item());
      if ((step + 1) % 2000 == 0) {
        five.points.emplace_back(step + 1, 100 * accuracy(model, 5, 500));
        ten.points.emplace_back(step + 1, 100 * accuracy(model, 10, 500));
        t.say("step ", step + 1, ": loss ", fixed(loss.item(), 4), ", right ",
              fixed(five.points.back().second, 1), " % of 5 points, ",
              fixed(ten.points.back().second, 1), " % of 10");
      }
    }
    t.write("pointer.svg", picture(model));
    const double a = 100 * accuracy(model, 5, 5000), b = 100 * accuracy(model, 10, 5000);
    t.result(a, a >= 92.0 && b >= 87.0,
             fixed(a, 1) + " % of 5,000 sets of 5 points, " + fixed(b, 1) + " % of 10 points");
  });
}
