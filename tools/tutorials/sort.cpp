// A GPT that sorts: it reads six digits, each 0, 1 or 2, and writes them in order. Task, sizes
// (gpt-nano: 3 blocks, 3 heads, width 48, dropout 0.1), optimiser and steps are those of minGPT's
// demo. A quarter of the 729 inputs is kept apart, here by an arithmetic hash in place of Python's.
// Karpathy 2022, github.com/karpathy/minGPT, demo.ipynb and mingpt/trainer.py.
#include <algorithm>

#include "gpt_adamw.h"
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t length = 6, digits = 3, batch_size = 64;
enum class Part { train, test };

Part part_of(const int64_t* input) {
  uint64_t number = 0;
  for (int64_t i = 0; i < length; ++i) number = number * digits + uint64_t(input[i]);
  return (number * 2654435761u >> 8) % 4 == 0 ? Part::test : Part::train;
}

/// Random inputs of one part, (n, 6).
Tensor draw(int64_t n, Part part) {
  std::vector<int64_t> all;
  while (int64_t(all.size()) < n * length) {
    const Tensor inputs = randint(0, digits, {n, length});
    for (const int64_t* d = inputs.data<int64_t>(); d < inputs.data<int64_t>() + n * length;
         d += length)
      if (part_of(d) == part && int64_t(all.size()) < n * length)
        all.insert(all.end(), d, d + length);
  }
  return from_values(all, {n, length});
}

/// The loss of 0 0 2 1 0 1 | 0 0 0 1 1 2, where only what stands behind the bar has to be
/// predicted.
Variable loss_of(const models::Gpt& model, const Tensor& inputs) {
  const Tensor both = cat({inputs, sort(inputs, 1).values}, 1);  // (B, 12)
  const Variable logits = model.forward(narrow(both, 1, 0, 2 * length - 1));
  return nn::cross_entropy(narrow(logits, 1, length - 1, length), narrow(both, 1, length, length));
}

/// What the model writes behind each input, always its best guess: (N, 6).
Tensor write(const models::Gpt& model, const Tensor& inputs) {
  std::vector<int64_t> all;
  for (const auto& written :
       models::generate(model, inputs, {.max_tokens = length, .sampling = {.temperature = 0}}))
    all.insert(all.end(), written.tokens.begin(), written.tokens.end());
  return from_values(all, inputs.shape());
}

int64_t right(const models::Gpt& model, const Tensor& inputs) {
  return sum(all(eq(write(model, inputs), sort(inputs, 1).values), {1})).item<int64_t>();
}

}  // namespace

int main(int count, char** words) {
  return tutorial("sort", count, words, [](Tutorial& t) {
    models::Gpt model({.tokens = digits,
                       .context = 2 * length - 1,
                       .layers = 3,
                       .heads = 3,
                       .width = 48,
                       .dropout = 0.1,
                       .activation = "gelu_tanh"});
    optim::AdamW adam = gpt_adamw(model, 5e-4, 0.95);
    const int64_t steps = t.steps(2000);
    show::Series losses{.name = "loss"};
    for (int64_t step = 0; step < steps; ++step) {
      const Variable loss = loss_of(model, draw(batch_size, Part::train));
      adam.zero_grad();
      loss.backward();
      optim::clip_grad_norm_(adam.parameters(), 1);
      adam.step();
      t.progress(step + 1, steps, loss.item());
      if (step % 20 == 0) losses.points.emplace_back(step, loss.item());
      if (step % 400 == 0) t.say("step ", step, ": loss ", fixed(loss.item(), 5));
    }
    model.eval();
    const Tensor example = tensor({{0, 0, 2, 1, 0, 1}});
    t.say("input  ", line_of(example), "\nsorted ", line_of(write(model, example)));
    const int64_t seen = right(model, draw(5000, Part::train));
    const int64_t fresh = right(model, draw(5000, Part::test));
    t.write("sort.svg", show::svg({.title = "Sorting six digits: the loss",
                                   .x = {.name = "step"},
                                   .y = {.name = "loss", .scale = show::Scale::logarithmic},
                                   .series = {losses}}));
    t.result(double(fresh) / 5000, fresh >= 4995,
             text(fresh) + " of 5,000 fresh inputs, " + text(seen) + " of 5,000 of the kind seen");
  });
}
