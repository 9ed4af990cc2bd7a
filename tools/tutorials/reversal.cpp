// One layer of self-attention with one head of 32 units reverses sequences of 16 digits: every
// place of the output looks at the opposite place of the input, and the map shows it. Data, sizes,
// optimiser and schedule are those of the tutorial: 50,000 sequences, 10 epochs, post-norm, Adam at
// 5e-4 with 50 steps of warm-up and half a cosine.
// Lippe 2020, UvA deep learning tutorial 6, "Transformers and multi-head attention".
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t digits = 10, length = 16, width = 32, batch_size = 128;

struct Reverser : nn::Module {
  nn::Linear input{{.in_features = digits, .out_features = width}};
  nn::TransformerEncoderLayer layer{
      {.d_model = width, .nhead = 1, .dim_feedforward = 2 * width, .dropout = 0}};
  nn::Linear hidden{{.in_features = width, .out_features = width}};
  nn::LayerNorm norm{{.normalized_shape = {width}}};
  nn::Linear output{{.in_features = width, .out_features = digits}};

  Variable operator()(const Tensor& given, nn::AttentionMaps* maps = nullptr) const {
    const Tensor positions = nn::sinusoidal_positions(length, width);
    const Variable x = input(one_hot(given, digits, {.dtype = f32})) + positions;  // (B, 16, 32)
    return output(relu(norm(hidden(layer(x, {.maps = maps})))));                   // (B, 16, 10)
  }
  void members(nn::MemberVisitor& visit) override {
    visit("input", input), visit("layer", layer), visit("hidden", hidden);
    visit("norm", norm), visit("output", output);
  }
};

/// The share of places that are right.
double accuracy(const Reverser& model, const Tensor& given) {
  const NoGrad no_grad;
  return mean(to(eq(argmax(model(given).value(), 2), flip(given, {1})), f64)).item();
}

}  // namespace

int main(int count, char** words) {
  return tutorial("reversal", count, words, [](Tutorial& t) {
    const Tensor learned = randint(0, digits, {50000, length});
    const Tensor fresh = randint(0, digits, {10000, length});
    Reverser model;
    optim::Adam adam(model.named_parameters(), {.lr = 5e-4});
    const int64_t batches = learned.size(0) / batch_size, steps = t.steps(10 * batches);
    Tensor order;
    for (int64_t step = 0; step < steps; ++step) {
      if (step % batches == 0) order = randperm(learned.size(0));
      const Tensor given =
          index_select(learned, 0, narrow(order, 0, step % batches * batch_size, batch_size));
      const Variable loss = nn::cross_entropy(model(given), flip(given, {1}));
      adam.zero_grad();
      loss.backward();
      optim::clip_grad_norm_(adam.parameters(), 5);
      adam.set_lr_factor(optim::linear_warmup(step, 50) * optim::cosine(step, steps));
      adam.step();
      t.progress(step + 1, steps, loss.item());
      if ((step + 1) % batches == 0)
        t.say("epoch ", (step + 1) / batches, ": loss ", fixed(loss.item(), 5), ", right ",
              fixed(100 * accuracy(model, narrow(fresh, 0, 0, 1000)), 2), " %");
    }
    const Tensor example = narrow(fresh, 0, 0, 1);
    nn::AttentionMaps maps;
    const Tensor guess = argmax(model(example, &maps).value(), 2);
    const show::AttentionMap map =
        map_of(example, guess, maps.layers[0], "reversing: what each place looks at");
    t.say(show::draw(map));
    t.write("reversal.svg", show::svg(map));
    const double right = accuracy(model, fresh);
    t.result(right, right >= 0.99995,
             fixed(100 * right, 2) + " % of the digits of 10,000 fresh sequences");
  });
}
