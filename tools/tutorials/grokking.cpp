// Understanding that comes late: a small transformer learns a + b mod 97 from three tenths of all
// 9,409 sums. After some hundred steps it knows those by heart and gets the others wrong; long
// after that it gets them right too. Power et al. 2022, "Grokking: generalization beyond
// overfitting on small algorithmic datasets": 2 layers, width 128, 4 heads, AdamW at 1e-3 with 10
// steps of warm-up, beta2 0.98, weight decay 1, batches of 512 (appendix A.1.2).
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t modulus = 97, plus = modulus, equals = modulus + 1, batch_size = 512;

/// Rows a, +, b, = and answers of the sums with these numbers: a * 97 + b.
std::pair<Tensor, Tensor> sums(const Tensor& numbers) {
  std::vector<int64_t> asked, answers;
  for (int64_t i = 0; i < numbers.numel(); ++i) {
    const int64_t a = int64_t(numbers.at({i})) / modulus, b = int64_t(numbers.at({i})) % modulus;
    asked.insert(asked.end(), {a, plus, b, equals});
    answers.push_back((a + b) % modulus);
  }
  return {from_values(asked, {numbers.numel(), 4}), from_values(answers, {numbers.numel()})};
}

/// The logits of what stands behind "=": (N, 4) -> (N, 99).
Variable answer(const models::Gpt& model, const Tensor& asked) {
  return select(model.forward(asked), 1, 3);
}

double accuracy(const models::Gpt& model, const std::pair<Tensor, Tensor>& part) {
  const NoGrad no_grad;
  return 100 * mean(to(eq(argmax(answer(model, part.first).value(), 1), part.second), f64)).item();
}

}  // namespace

int main(int count, char** words) {
  return tutorial("grokking", count, words, [](Tutorial& t) {
    const Tensor order = randperm(modulus * modulus);
    const int64_t share = order.numel() * 3 / 10;
    const auto learned = sums(narrow(order, 0, 0, share));
    const auto kept = sums(narrow(order, 0, share, order.numel() - share));
    models::Gpt model({.tokens = modulus + 2, .context = 4, .layers = 2, .heads = 4, .width = 128});
    optim::AdamW adam(model.named_parameters(),
                      {.lr = 1e-3, .betas = {0.9, 0.98}, .weight_decay = 1});
    const int64_t steps = t.steps(12000);
    show::Series training{.name = "learned sums"}, validation{.name = "other sums"};
    int64_t by_heart = 0, understood = 0;
    for (int64_t step = 1; step <= steps && understood == 0; ++step) {
      const Tensor rows = randint(0, share, {batch_size});
      const Variable loss = nn::cross_entropy(answer(model, index_select(learned.first, 0, rows)),
                                              index_select(learned.second, 0, rows));
      adam.zero_grad();
      loss.backward();
      adam.set_lr_factor(optim::linear_warmup(step - 1, 10));
      adam.step();
      t.progress(step, steps, loss.item());
      if (step % 50 && step > 10) continue;
      training.points.emplace_back(step, accuracy(model, learned));
      validation.points.emplace_back(step, accuracy(model, kept));
      if (by_heart == 0 && training.points.back().second > 99) by_heart = step;
      if (validation.points.back().second > 99.9) understood = step;
      if (step % 500 == 0 || understood)
        t.say("step ", step, ": right ", fixed(training.points.back().second, 1),
              " % of the sums learned, ", fixed(validation.points.back().second, 1),
              " % of others");
    }
    t.write("grokking.svg", show::svg({.title = "a + b mod 97",
                                       .x = {.name = "step", .scale = show::Scale::logarithmic},
                                       .y = {.name = "right, %"},
                                       .series = {training, validation}}));
    const double last = validation.points.back().second;
    t.result(last, understood > 2 * by_heart && by_heart > 0,
             "99 % of the learned sums at step " + text(by_heart) + ", " + fixed(last, 1) +
                 " % of the others at step " + text(understood));
  });
}
