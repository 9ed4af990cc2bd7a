// How well are long sentences written? Two models learn to write random strings of 1 to 30 letters
// again: one reads the string into its last state, which is all that its writing half gets
// (Sutskever, Vinyals & Le 2014), the other looks back at every letter (Bahdanau, Cho & Bengio
// 2015). Then both write strings of 5 to 50 letters. Figure 2 of the latter paper, with a task that
// needs no data.
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t letters = 26, begin = letters, longest = 30, batch_size = 64;

/// The share of letters that are right when the model writes on its own.
double accuracy(models::Seq2Seq& model, int64_t length) {
  model.eval();
  Generator generator(uint64_t{1000} + uint64_t(length));
  const Tensor source = randint(0, letters, {200, length}, &generator);
  int64_t right = 0, row = 0;
  for (const models::Hypothesis& written : models::greedy(
           model, source, {}, {.max_length = length, .bos = begin, .eos = -1, .maps = false})) {
    const int64_t* wanted = source.data<int64_t>() + length * row++;
    for (const int64_t letter : written.tokens) right += letter == *wanted++;
  }
  model.train();
  return double(right) / double(source.numel());
}

/// Trains on strings of one length a batch; returns the accuracy by length.
show::Series train(Tutorial& t, const char* name, models::Seq2Seq& model) {
  optim::Adam adam(model.named_parameters(), {.lr = 2e-3});
  const int64_t steps = t.steps(3000);
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t length = randint(1, longest + 1, {}).item<int64_t>();
    const Tensor source = randint(0, letters, {batch_size, length});
    const Variable logits = model.forward(source, {}, pad(source, {1, -1}, begin));
    const Variable loss = nn::cross_entropy(logits, source);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1);
    adam.set_lr_factor(optim::linear_warmup(step, 100) * optim::cosine(step, steps));
    adam.step();
    t.progress(step + 1, steps, loss.item());
    if ((step + 1) % 1000 == 0)
      t.say(name, " step ", step + 1, ": ", fixed(100 * accuracy(model, 20), 1),
            " % of the letters of 20");
  }
  show::Series series{.name = name};
  for (int64_t length = 5; length <= 50; length += 5)
    series.points.emplace_back(length, 100 * accuracy(model, length));
  return series;
}

}  // namespace

int main(int count, char** words) {
  return tutorial("sentence_length", count, words, [](Tutorial& t) {
    models::Sutskever fixed_context({.source_tokens = letters + 1,
                                     .target_tokens = letters + 1,
                                     .embedding = 64,
                                     .hidden = 128,
                                     .layers = 1,
                                     .dropout = 0});
    models::Bahdanau attention({.source_tokens = letters + 1,
                                .target_tokens = letters + 1,
                                .embedding = 64,
                                .hidden = 128,
                                .dropout = 0});
    const show::Series one = train(t, "fixed context", fixed_context);
    const show::Series all = train(t, "attention", attention);
    t.say("letters  fixed context  attention");
    for (size_t i = 0; i < one.points.size(); ++i) {
      const auto [length, right] = one.points[i];
      t.say(length < 10 ? "     " : "    ", length, "         ", fixed(right, 1), " %     ",
            fixed(all.points[i].second, 1), " %");
    }
    t.write("sentence_length.svg",
            show::svg({.title = "Letters written right, by the length of the sentence",
                       .x = {.name = "letters (up to 30 were learned)"},
                       .y = {.name = "right, %"},
                       .series = {one, all}}));
    const double short_gap = all.points[0].second - one.points[0].second;
    const double a = one.points[5].second, b = all.points[5].second;  // 30 letters
    t.result(b, b >= 95 && b - a > 20 && b - a > short_gap,
             "at 30 letters attention " + fixed(b, 1) + " %, fixed context " + fixed(a, 1) + " %");
  });
}
