// Copying memory: ten symbols of eight kinds, then T blanks, then ten steps at which the symbols
// are to be said again, in order. Whoever remembers nothing can do no better than to say blanks
// until the end and then each of the eight symbols with probability 1/8: 10 ln 8 / (T + 20) nats a
// step, the memoryless baseline. By T: how far below it LSTM, GRU and attention come.
// Arjovsky, Shah & Bengio 2016, "Unitary evolution recurrent neural networks", copying memory.
#include <cmath>

#include "chrono.h"
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t symbols = 8, kept = 10, hidden = 128, batch_size = 32, blank = 8, go = 9;
constexpr int64_t distances[] = {10, 20, 40};

struct Batch {
  Tensor input, target;  // (B, T + 20)
};

/// Input: the symbols, T - 1 blanks, "go", ten blanks. Target: T + 10 blanks, the symbols.
Batch make(int64_t n, int64_t distance) {
  const Tensor said = randint(0, symbols, {n, kept});
  const auto filled = [&](int64_t length, int64_t id) {
    return full({n, length}, id, {.dtype = i64});
  };
  return {cat({said, filled(distance - 1, blank), filled(1, go), filled(kept, blank)}, 1),
          cat({filled(distance + kept, blank), said}, 1)};
}

/// One recurrent layer, which has to carry all ten symbols in its state; or, with attention, one
/// whose state at each step asks those of all earlier steps for what it needs.
struct Model : nn::Module {
  Model(RecurrentKind kind, int64_t length, bool attends)
      : memory(kind, {.input_size = symbols + 2, .hidden_size = hidden}),
        output({.in_features = attends ? 2 * hidden : hidden, .out_features = symbols + 1}) {
    if (attends) attend.emplace(nn::MultiheadAttentionOptions{.embed_dim = hidden});
    remember(memory, length);
  }
  Variable operator()(const Tensor& input) const {
    const Variable h = memory(one_hot(input, symbols + 2, {.dtype = f32})).output;  // (B, T+20, H)
    if (!attend) return output(h);                                                  // (B, T+20, 9)
    const Variable seen = (*attend)(h, h, h, {.need_weights = false, .is_causal = true}).output;
    return output(cat({h, seen}, 2));
  }
  void members(nn::MemberVisitor& visit) override {
    visit("memory", memory), visit("attend", attend), visit("output", output);
  }
  nn::Recurrent memory;
  std::optional<nn::MultiheadAttention> attend;
  nn::Linear output;
};

/// The loss on sequences that it has not seen, after training on ones that it sees once.
double train(Tutorial& t, RecurrentKind kind, int64_t distance, bool attends = false) {
  Model model(kind, distance + 2 * kept, attends);
  optim::Adam adam(model.named_parameters(), {.lr = 4e-3});
  const int64_t steps = t.steps(2000);
  for (int64_t step = 0; step < steps; ++step) {
    const Batch batch = make(batch_size, distance);
    const Variable loss = nn::cross_entropy(model(batch.input), batch.target);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1);
    adam.set_lr_factor(optim::linear_warmup(step, 100) * optim::cosine(step, steps));
    adam.step();
    t.progress(step + 1, steps, loss.item());
  }
  const NoGrad no_grad;
  const Batch fresh = make(512, distance);
  return nn::cross_entropy(model(fresh.input), fresh.target).item();
}

}  // namespace

int main(int count, char** words) {
  return tutorial("memory", count, words, [](Tutorial& t) {
    show::Series baseline{.name = "memoryless", .dashed = true}, lstm{.name = "LSTM"},
        gru{.name = "GRU"}, attention{.name = "GRU, attention"};
    bool below = true;
    t.say("   T  memoryless     LSTM      GRU  attention");
    for (const int64_t T : distances) {
      const int64_t length = T + 2 * kept;
      const double limit = kept * std::log(double(symbols)) / double(length);
      const double a = train(t, RecurrentKind::lstm, T);
      const double b = train(t, RecurrentKind::gru, T);
      const double c = train(t, RecurrentKind::gru, T, true);
      t.say("  ", T, "      ", fixed(limit, 4), "   ", fixed(a, 4), "   ", fixed(b, 4), "     ",
            fixed(c, 4));
      baseline.points.emplace_back(T, limit), lstm.points.emplace_back(T, a);
      gru.points.emplace_back(T, b), attention.points.emplace_back(T, c);
      below &= a < limit && b < limit && c < limit;
    }
    t.write("memory.svg",
            show::svg({.title = "Copying ten symbols over T blanks",
                       .x = {.name = "T", .scale = show::Scale::logarithmic},
                       .y = {.name = "nats a step", .scale = show::Scale::logarithmic},
                       .series = {baseline, lstm, gru, attention}}));
    t.result(attention.points.back().second, below,
             "T = 40: attention " + fixed(attention.points.back().second, 4) + ", GRU " +
                 fixed(gru.points.back().second, 4) + ", LSTM " +
                 fixed(lstm.points.back().second, 4) + " nats a step; memoryless " +
                 fixed(baseline.points.back().second, 4));
  });
}
