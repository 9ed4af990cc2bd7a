// The first example of the Annotated Transformer: an encoder-decoder of 2 layers and 8 heads learns
// to copy ten symbols, here with width 256 in place of 512, in 40 epochs in place of 20. An epoch
// is 20 batches of 80 random strings, each beginning with 1; then it is given 0 1 2 ... 9, and 0
// as the first of what it wrote, and has to write the rest.
// Rush 2018, Huang et al. 2022, "The annotated transformer", "A first example", to be read at
// nlp.seas.harvard.edu/annotated-transformer; Vaswani et al. 2017, "Attention is all you need".
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t symbols = 11, length = 10, batch_size = 80, width = 256, epoch = 20;

Tensor random_strings(int64_t n) {
  return cat({full({n, 1}, 1, {.dtype = i64}), randint(1, symbols, {n, length - 1})}, 1);
}

/// What the model writes, a symbol at a time, behind the first of each string: (N, 10).
Tensor write(const models::Transformer& model, const Tensor& given, models::Hypothesis* one = {}) {
  const int64_t first = int64_t(given.at({0, 0}));
  const auto written =
      models::greedy(model, given, {}, {.max_length = length - 1, .bos = first, .eos = -1});
  std::vector<int64_t> all;
  for (const models::Hypothesis& each : written) {
    all.push_back(first);
    all.insert(all.end(), each.tokens.begin(), each.tokens.end());
  }
  if (one) *one = written[0];
  return from_values(all, given.shape());
}

}  // namespace

int main(int count, char** words) {
  return tutorial("copy", count, words, [](Tutorial& t) {
    models::Transformer model({.source_tokens = symbols,
                               .target_tokens = symbols,
                               .width = width,
                               .heads = 8,
                               .layers = 2,
                               .hidden = 4 * width,
                               .tied = false});
    optim::Adam adam(model.named_parameters(), {.lr = 0.5, .betas = {0.9, 0.98}, .eps = 1e-9});
    const int64_t steps = t.steps(40 * epoch);
    for (int64_t step = 0; step < steps; ++step) {
      const Tensor strings = random_strings(batch_size);
      const Variable logits = model.forward(strings, {}, narrow(strings, 1, 0, length - 1));
      const Variable loss = nn::cross_entropy(logits, narrow(strings, 1, 1, length - 1));
      adam.zero_grad();
      loss.backward();
      adam.set_lr_factor(optim::noam(step, width, 400));
      adam.step();
      t.progress(step + 1, steps, loss.item());
      if ((step + 1) % (8 * epoch) == 0)
        t.say("epoch ", (step + 1) / epoch, ": loss ", fixed(loss.item(), 4));
    }
    model.eval();
    const Tensor digits = reshape(arange(length), {1, length});
    models::Hypothesis hypothesis;
    const Tensor copied = write(model, digits, &hypothesis);
    t.say(line_of(copied));
    t.write("copy.svg",
            show::svg(map_of(digits, narrow(copied, 1, 1, length - 1), hypothesis.weights,
                             "copying: what each symbol looks at")));
    const Tensor strings = random_strings(1000);
    const double right = mean(to(all(eq(write(model, strings), strings), {1}), f64)).item();
    const bool counts = sum(eq(copied, digits)).item<int64_t>() == length;
    t.result(right, counts && right >= 0.99,
             line_of(copied) + " and " + fixed(100 * right, 1) + " % of 1,000 random strings");
  });
}
