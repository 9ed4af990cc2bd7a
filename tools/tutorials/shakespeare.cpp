// A GPT learns Shakespeare by characters: nanoGPT's settings for a laptop without a GPU, 4 layers,
// 4 heads, width 128, context 64, batches of 12, 2,000 steps, no dropout and no biases; AdamW at
// 1e-3 falling to 1e-4. The first nine tenths of the text are learned, the rest is predicted.
// A run varies by 0.01 with its first numbers: three are made.
// Karpathy 2022, github.com/karpathy/nanoGPT, README.md ("I only have a macbook"), train.py and
// config/train_shakespeare_char.py.
#include <cmath>

#include "gpt_adamw.h"
#include "heed/heed.h"
#include "tutorial.h"
#include "windows.h"

using namespace heed;

namespace {

constexpr int64_t context = 64, batch_size = 12;

/// nanoGPT's factor of the learning rate: 100 steps up, then half a cosine from 1 to 0.1.
double factor(int64_t step, int64_t steps) {
  constexpr int64_t warmup = 100;
  if (step < warmup) return double(step + 1) / (warmup + 1);
  return optim::cosine(step - warmup, std::max<int64_t>(1, steps - warmup), 0.1);
}

std::string sample(const models::Gpt& model, const data::Tokenizer& characters) {
  const Tensor start = from_values(characters.encode("\n"), {1, 1});
  const auto written =
      models::generate(model, start, {.max_tokens = 300, .sampling = {.temperature = 0.8}});
  return characters.decode(written[0].tokens);
}

/// A model trained from first numbers of that seed; draws its losses into the plot.
models::Gpt train(Tutorial& t, int64_t seed, int64_t tokens, std::span<const int64_t> learned,
                  std::span<const int64_t> kept, show::LinePlot& plot) {
  manual_seed(uint64_t(seed));
  models::Gpt model({.tokens = tokens, .context = context, .bias = false});
  optim::AdamW adam = gpt_adamw(model, 1e-3, 0.99);
  const int64_t steps = t.steps(2000);
  show::Series training{.name = "training"}, validation{.name = "validation"};
  double mean = 0;
  for (int64_t step = 0; step < steps; ++step) {
    const Variable loss = window_loss(model, random_windows(learned, batch_size, context));
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1);
    adam.set_lr_factor(factor(step, steps));
    adam.step();
    t.progress(step + 1, steps, loss.item());
    mean += loss.item() / 250;
    if ((step + 1) % 250 == 0) {
      training.points.emplace_back(step + 1, std::exchange(mean, 0));
      validation.points.emplace_back(step + 1, models::fit_of(model, kept, context, 240).loss());
    }
  }
  plot.series = {training, validation};
  return model;
}

}  // namespace

int main(int count, char** words) {
  return tutorial("shakespeare", count, words, [](Tutorial& t) {
    const std::string path = t.file(), text = read_file(path);
    const auto characters = data::train_tokenizer(text);
    const std::vector<int64_t> ids = characters->encode(text);
    const size_t split = ids.size() * 9 / 10;
    const std::span<const int64_t> all(ids), learned = all.first(split), kept = all.subspan(split);
    require(learned.size() > size_t(context), path, ": expected at least ", context * 10 / 9 + 2,
            " characters, of which nine tenths fill a window, got ", ids.size());
    t.say(ids.size(), " characters, ", characters->size(), " of them different");

    show::LinePlot plot{.title = "nanoGPT's small Shakespeare",
                        .x = {.name = "step"},
                        .y = {.name = "nats a character"}};
    double mean = 0;
    constexpr int64_t runs = 3;
    for (int64_t run = 0; run < runs; ++run) {
      const int64_t seed = t.seed() + run;
      models::Gpt model = train(t, seed, characters->size(), learned, kept, plot);
      const double loss = models::fit_of(model, kept, context).loss();
      t.say("seed ", seed, ": loss ", fixed(loss, 4), " over the whole last tenth");
      mean += loss / runs;
      if (run == runs - 1) t.say(sample(model, *characters));
    }
    t.write("shakespeare.svg", show::svg(plot));
    t.result(mean, std::abs(mean - 1.88) <= 0.03,
             "validation loss " + fixed(mean, 3) + ", the mean of three runs");
  });
}
