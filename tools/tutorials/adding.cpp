// The adding problem: a sequence of 100 to 110 pairs of a value and a mark. Two values are marked,
// one of the first ten, the other before step 50, and at the end the answer is 0.5 + their sum / 4.
// Between the marked values and the answer lie at least 50 steps of noise. An answer counts as
// right when it is less than 0.04 off; always saying 0.5 is right 15 times in 100.
// Hochreiter & Schmidhuber 1997, "Long short-term memory", experiment 4 (section 5.4). Theirs had
// two blocks of two cells; here an LSTM and a plain RNN of 64 units see the same sequences.
#include <cmath>

#include "chrono.h"
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t shortest = 100, longest = 110, hidden = 64, batch_size = 64, tested = 2560;

struct Sequences {
  Tensor x;        // (B, 110, 2): values in [-1, 1] and marks, padded
  Tensor lengths;  // (B)
  Tensor answers;  // (B, 1)
};

int64_t whole(int64_t low, int64_t high) { return randint(low, high, {}).item<int64_t>(); }

/// Marks are 1 at the two values, -1 at the first and the last step, and 0 elsewhere.
Sequences make(int64_t n) {
  const Tensor values = uniform({n, longest}, -1, 1), marks = zeros({n, longest});
  const Tensor lengths = randint(shortest, longest + 1, {n}), answers = empty({n, 1});
  float *value = values.mutable_data<float>(), *mark = marks.mutable_data<float>();
  float* answer = answers.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i, value += longest, mark += longest) {
    const int64_t first = whole(0, 10);
    int64_t second = whole(0, shortest / 2 - 1);
    second += second >= first;  // one of the unmarked
    const int64_t last = lengths.data<int64_t>()[i] - 1;
    mark[0] = mark[last] = -1, mark[first] = mark[second] = 1;
    if (mark[0] == 1) value[0] = 0;  // the paper: X_1 is 0 where the first pair was marked
    answer[i] = 0.5f + (value[first] + value[second]) / 4;
    for (int64_t t = last + 1; t < longest; ++t) value[t] = 0;
  }
  return {stack({values, marks}, 2), lengths, answers};
}

struct Model : nn::Module {
  explicit Model(RecurrentKind kind)
      : memory(kind, {.input_size = 2, .hidden_size = hidden}),
        output({.in_features = hidden, .out_features = 1}) {}
  Variable operator()(const Sequences& given) const {
    return output(memory(given.x, {.lengths = given.lengths}).h_n[0]);  // (B, 1)
  }
  void members(nn::MemberVisitor& visit) override {
    visit("memory", memory), visit("output", output);
  }
  nn::Recurrent memory;
  nn::Linear output;
};

int64_t wrong(const Model& model, const Sequences& given) {
  const NoGrad no_grad;
  const Tensor error = abs(model(given).value() - given.answers);
  return sum(to(ge(error, 0.04), i64)).item<int64_t>();
}

/// Trains on sequences that it has never seen; returns the errors by steps.
show::Series train(Tutorial& t, const char* name, RecurrentKind kind, const Sequences& test) {
  manual_seed(uint64_t(t.seed()));
  Model model(kind);
  remember(model.memory, longest);
  optim::Adam adam(model.named_parameters(), {.lr = 5e-3});
  const int64_t steps = t.steps(2400);
  show::Series errors{.name = name};
  for (int64_t step = 1; step <= steps; ++step) {
    const Sequences batch = make(batch_size);
    const Variable loss = nn::mse_loss(model(batch), batch.answers);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1);
    adam.set_lr_factor(optim::linear_warmup(step - 1, 100) * optim::cosine(step - 1, steps));
    adam.step();
    t.progress(step, steps, loss.item());
    if (step % 200 == 0 || step == steps) {
      errors.points.emplace_back(step * batch_size, 100.0 * double(wrong(model, test)) / tested);
      if (step % 600 == 0 || step == steps)
        t.say(name, " after ", step * batch_size, " sequences: ", wrong(model, test), " of ",
              tested, " wrong");
    }
  }
  return errors;
}

}  // namespace

int main(int count, char** words) {
  return tutorial("adding", count, words, [](Tutorial& t) {
    manual_seed(uint64_t(t.seed()) + 1000);
    const Sequences test = make(tested);
    const show::Series lstm = train(t, "LSTM", RecurrentKind::lstm, test);
    const show::Series rnn = train(t, "RNN", RecurrentKind::rnn_tanh, test);
    t.write("adding.svg", show::svg({.title = "The adding problem, T = 100",
                                     .x = {.name = "sequences seen"},
                                     .y = {.name = "wrong answers, %"},
                                     .series = {rnn, lstm}}));
    const auto in_all = [](const show::Series& s) {
      return std::llround(s.points.back().second * tested / 100);
    };
    t.result(double(in_all(lstm)), in_all(lstm) <= 1,
             "LSTM " + std::to_string(in_all(lstm)) + " wrong of 2,560, RNN " +
                 std::to_string(in_all(rnn)));
  });
}
