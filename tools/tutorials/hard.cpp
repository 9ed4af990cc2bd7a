// Attention that chooses. Soft attention reads a mixture of all that it was given; hard attention
// draws one place and reads that, which has no derivative. REINFORCE estimates the gradient from
// what the draws cost, Gumbel softmax carries it through a softened draw. First the scatter of each
// estimate is measured, on one batch drawn 50 times; then the same model learns to write words of
// eight letters backwards in each way.
// Xu et al. 2015, "Show, attend and tell", section 4.1; Williams 1992; Jang, Gu & Poole 2017.
#include <algorithm>

#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t letters = 26, begin = letters, length = 8, batch_size = 64;

models::Bahdanau make(const char* alignment) {
  return models::Bahdanau({.source_tokens = letters + 1,
                           .target_tokens = letters + 1,
                           .embedding = 32,
                           .hidden = 64,
                           .alignment = alignment,
                           .dropout = 0});
}

/// The mean cost of a letter; with draws, what trains them is added: with a baseline, or without,
/// C_bt log p_bt for the cost C_bt of all that came after the draw.
Variable loss_of(const models::Bahdanau& model, const Tensor& words, bool baseline = true) {
  const Tensor wanted = flip(words, {1});
  nn::AttentionMaps maps;
  const Variable logits = model.forward(words, {}, pad(wanted, {1, -1}, begin), &maps);
  const Variable costs =
      nn::cross_entropy(logits, wanted, {.reduction = nn::Reduction::none});  // (B, T)
  if (maps.log_p.empty()) return mean(costs);
  if (baseline)
    return mean(costs) +
           nn::reinforce_loss(maps.log_p[0], costs.value(), full(costs.shape(), 1, {.dtype = u8}));
  const Tensor later = flip(cumsum(flip(costs.value(), {1}), 1), {1});
  return mean(costs) + mean(maps.log_p[0] * later);
}

double accuracy(models::Bahdanau& model) {
  model.eval();
  const Tensor words = randint(0, letters, {500, length}), wanted = contiguous(flip(words, {1}));
  int64_t right = 0, row = 0;
  for (const models::Hypothesis& written : models::greedy(
           model, words, {}, {.max_length = length, .bos = begin, .eos = -1, .maps = false}))
    right += std::ranges::equal(written.tokens,
                                std::span(wanted.data<int64_t>() + length * row++, length));
  model.train();
  return double(right) / 500;
}

show::Series train(Tutorial& t, const char* alignment, models::Bahdanau& model) {
  optim::Adam adam(model.named_parameters(), {.lr = 3e-3});
  show::Series right{.name = alignment};
  const int64_t steps = t.steps(2000);
  for (int64_t step = 1; step <= steps; ++step) {
    const Variable loss = loss_of(model, randint(0, letters, {batch_size, length}));
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1);
    adam.set_lr_factor(optim::linear_warmup(step - 1, 100) * optim::cosine(step - 1, steps));
    adam.step();
    t.progress(step, steps, loss.item());
    if (step % 200 == 0 || step == steps) right.points.emplace_back(step, 100 * accuracy(model));
  }
  t.say(alignment, ": ", fixed(right.points.back().second, 1), " % of the words right");
  return right;
}

/// |standard deviation| / |mean| of the gradient of the attention's query weights over 50 draws.
double scatter(models::Bahdanau& model, const Tensor& words, bool baseline) {
  std::vector<Variable> draws;
  for (int i = 0; i < 50; ++i)
    draws.push_back(grad(loss_of(model, words, baseline), {model.attention.query->weight})[0]);
  const Tensor all = stack(draws, 0).value();
  return (norm(heed::std(all, {0})) / norm(mean(all, {0}))).item();
}

}  // namespace

int main(int count, char** words) {
  return tutorial("hard", count, words, [](Tutorial& t) {
    models::Bahdanau soft = make("soft"), drawn = make("reinforce"), gumbel = make("gumbel");
    const Tensor batch = randint(0, letters, {batch_size, length});
    models::Bahdanau first = drawn, first_gumbel = gumbel;
    const double alone = scatter(first, batch, false), based = scatter(first, batch, true);
    const double softened = scatter(first_gumbel, batch, true);
    t.say("scatter of the gradient before training, in its own length: REINFORCE ", fixed(alone, 1),
          ", with a baseline ", fixed(based, 1), ", Gumbel softmax ", fixed(softened, 1));
    const std::vector<show::Series> all = {train(t, "soft", soft), train(t, "reinforce", drawn),
                                           train(t, "gumbel", gumbel)};
    t.write("hard.svg", show::svg({.title = "Words written backwards",
                                   .x = {.name = "step"},
                                   .y = {.name = "right, %"},
                                   .series = all}));
    const double last = all[1].points.back().second;
    t.result(based, based < alone && last > 90,
             "the baseline takes the scatter from " + fixed(alone, 1) + " to " + fixed(based, 1) +
                 "; right: soft " + fixed(all[0].points.back().second, 1) + " %, REINFORCE " +
                 fixed(last, 1) + " %, Gumbel " + fixed(all[2].points.back().second, 1) + " %");
  });
}
