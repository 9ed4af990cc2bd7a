// Addition as translation: "535+61" -> "596", character by character. An LSTM reads the question,
// its last state is given to a second LSTM at each of four steps, and a linear layer names a digit.
// Data, sizes and accuracy are those of Keras' addition_rnn.py for three digits, reversed: 50,000
// questions that differ, a tenth of them kept for validation, accuracy by character.
// github.com/keras-team/keras, examples/addition_rnn.py.
#include <algorithm>
#include <set>

#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t questions = 50000, held_out = 5000, hidden = 128, batch_size = 128;
constexpr int64_t question_length = 7, answer_length = 4;
constexpr std::string_view characters = " +0123456789";
constexpr int64_t classes = int64_t(characters.size());

/// The text padded with spaces, as numbers of characters.
void append(std::vector<int64_t>& ids, std::string text, int64_t length, bool reversed) {
  text.resize(size_t(length), ' ');
  if (reversed) std::reverse(text.begin(), text.end());
  for (const char c : text) ids.push_back(int64_t(characters.find(c)));
}

int64_t random_number() {
  const int64_t digits = randint(1, 4, {}).item<int64_t>();
  return randint(0, digits == 1 ? 10 : digits == 2 ? 100 : 1000, {}).item<int64_t>();
}

struct Data {
  Tensor questions;  // (N, 7), last character first
  Tensor answers;    // (N, 4)
};

/// Questions of which no two ask for the same sum of the same numbers, in either order.
Data make_data() {
  std::set<std::pair<int64_t, int64_t>> seen;
  std::vector<int64_t> asked, answered;
  while (int64_t(seen.size()) < questions) {
    const int64_t a = random_number(), b = random_number();
    if (!seen.insert(std::minmax({a, b})).second) continue;
    append(asked, std::to_string(a) + "+" + std::to_string(b), question_length, true);
    append(answered, std::to_string(a + b), answer_length, false);
  }
  const Tensor order = randperm(questions);
  return {index_select(from_values(asked, {questions, question_length}), 0, order),
          index_select(from_values(answered, {questions, answer_length}), 0, order)};
}

struct Adder : nn::Module {
  nn::LSTM encoder{{.input_size = classes, .hidden_size = hidden}};
  nn::LSTM decoder{{.input_size = hidden, .hidden_size = hidden}};
  nn::Linear output{{.in_features = hidden, .out_features = classes}};

  Variable operator()(const Tensor& asked) const {
    const Variable x = one_hot(asked, classes, {.dtype = f32});           // (B, 7, 12)
    const Variable state = transpose(encoder(x).h_n, 0, 1);               // (B, 1, H)
    return output(decoder(repeat(state, {1, answer_length, 1})).output);  // (B, 4, 12)
  }
  void members(nn::MemberVisitor& visit) override {
    visit("encoder", encoder), visit("decoder", decoder), visit("output", output);
  }
};

/// Shares of characters and of whole answers that are right.
std::pair<double, double> accuracy(const Adder& adder, const Data& data) {
  const NoGrad no_grad;
  const Tensor guesses = argmax(adder(data.questions).value(), 2);
  const Tensor right = to(eq(guesses, data.answers), f64);
  return {mean(right).item(), mean(amin(right, {1})).item()};
}

}  // namespace

int main(int count, char** words) {
  return tutorial("addition", count, words, [](Tutorial& t) {
    const auto [asked, answered] = make_data();
    const Data validation{narrow(asked, 0, 0, held_out), narrow(answered, 0, 0, held_out)};
    const int64_t batches = (questions - held_out) / batch_size;
    Adder adder;
    optim::Adam adam(adder.named_parameters(), {.lr = 4e-3});
    const int64_t steps = t.steps(20 * batches);
    show::Series characters_right{.name = "characters"}, answers_right{.name = "whole answers"};
    Tensor order;
    for (int64_t step = 0; step < steps; ++step) {
      if (step % batches == 0) order = randperm(questions - held_out) + held_out;
      const Tensor rows = narrow(order, 0, step % batches * batch_size, batch_size);
      const Variable logits = adder(index_select(asked, 0, rows));
      const Variable loss = nn::cross_entropy(logits, index_select(answered, 0, rows));
      adam.zero_grad();
      loss.backward();
      optim::clip_grad_norm_(adam.parameters(), 1);
      adam.set_lr_factor(optim::linear_warmup(step, 100) * optim::cosine(step, steps));
      adam.step();
      t.progress(step + 1, steps, loss.item());
      if ((step + 1) % batches == 0) {
        const int64_t epoch = (step + 1) / batches;
        const auto [by_character, whole] = accuracy(adder, validation);
        characters_right.points.emplace_back(epoch, 100 * by_character);
        answers_right.points.emplace_back(epoch, 100 * whole);
        if (epoch % 4 == 0)
          t.say("epoch ", epoch, ": loss ", fixed(loss.item(), 4), ", right ",
                fixed(100 * by_character, 2), " % of characters, ", fixed(100 * whole, 2),
                " % of answers");
      }
    }
    t.write("addition.svg", show::svg({.title = "Sums that were kept apart",
                                       .x = {.name = "epoch"},
                                       .y = {.name = "right, %"},
                                       .series = {characters_right, answers_right}}));
    const auto [by_character, whole] = accuracy(adder, validation);
    t.result(by_character, by_character >= 0.99,
             fixed(100 * by_character, 2) + " % of characters, " + fixed(100 * whole, 2) +
                 " % of whole answers, of 5,000 that were kept apart");
  });
}
