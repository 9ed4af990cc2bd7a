#include "heed/nn/recurrent.h"
#include "bench.h"
#include "heed/autograd/shape.h"
#include "heed/models/bahdanau.h"
#include "heed/models/char_rnn.h"
#include "heed/nn/embedding.h"
#include "heed/nn/linear.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "heed/optim/rmsprop.h"
#include "heed/optim/sgd.h"

namespace heed::bench {
namespace {

/// A step of `gates` sums (LSTM 4, GRU 3), each of the input and of the state before.
constexpr double cell(int64_t gates, int64_t input, int64_t hidden) {
  return product(1, input + hidden, gates * hidden);
}

struct Text {
  Tensor tokens, wanted;
};
Text text_batch(Start& start, int64_t vocabulary, const Shape& shape) {
  const Tensor tokens = start.integers("tokens", vocabulary, shape);
  return {tokens, start.integers("wanted", vocabulary, shape)};
}

/// The step of a CharRnn of two layers, for any optimiser.
template <class MakeOptimizer>
Run language_model(Start& start, const models::CharRnnConfig& config, int64_t batch, int64_t steps,
                   double clip, const MakeOptimizer& make_optimizer) {
  const auto model = std::make_shared<models::CharRnn>(config);
  start.weights(*model);
  const Text text = text_batch(start, config.tokens, {batch, steps});
  const double forward = cell(4, config.embedding, config.hidden) +
                         cell(4, config.hidden, config.hidden) +
                         product(1, config.hidden, config.tokens);
  return run_of(
      {.module = model,
       .optimizer = make_optimizer(*model),
       .clip = clip,
       .loss = [=] { return nn::cross_entropy(model->forward(text.tokens), text.wanted); }},
      3 * double(batch * steps) * forward, batch * steps);
}

/// Reads a text in both directions and classifies it by the two last states.
struct TwoWayClassifier : nn::Module {
  TwoWayClassifier(int64_t tokens, int64_t width, int64_t hidden, int64_t classes)
      : embedding({tokens, width}),
        encoder({.input_size = width, .hidden_size = hidden, .bidirectional = true}),
        output({2 * hidden, classes}) {}
  Variable operator()(const Tensor& tokens) const {
    const Variable ends = encoder(embedding(tokens)).h_n;  // (2, B, H)
    return output(cat({ends[0], ends[1]}, 1));
  }
  void members(nn::MemberVisitor& visit) override {
    visit("embedding", embedding);
    visit("encoder", encoder);
    visit("output", output);
  }
  nn::Embedding embedding;
  nn::LSTM encoder;
  nn::Linear output;
};

/// One source token: both directions of the encoder, and its key.
double encoder_flops(const models::BahdanauConfig& c, int64_t gates) {
  return 2 * cell(gates, c.embedding, c.hidden / 2) + product(1, c.hidden, c.hidden);
}
/// One target token: the query, a score and a share of the context for each of S keys, the cell,
/// the logits.
double decoder_flops(const models::BahdanauConfig& c, int64_t gates, int64_t S) {
  return product(1, c.hidden, c.hidden) + 2 * product(1, S, c.hidden) +
         cell(gates, c.embedding + c.hidden, c.hidden) + product(1, 2 * c.hidden, c.target_tokens);
}

Run translator(Start& start, const models::BahdanauConfig& config, int64_t batch, int64_t steps) {
  const auto model = std::make_shared<models::Bahdanau>(config);
  start.weights(*model);
  const Tensor source = start.integers("source", config.source_tokens, {batch, steps});
  const Tensor target = start.integers("target", config.target_tokens, {batch, steps});
  const Tensor wanted = start.integers("wanted", config.target_tokens, {batch, steps});
  const int64_t gates = config.cell == "lstm" ? 4 : 3;
  const double forward =
      double(batch * steps) * (encoder_flops(config, gates) + decoder_flops(config, gates, steps)) +
      product(batch, config.hidden, config.hidden);  // the decoder's first state
  return run_of(
      {.module = model,
       .optimizer = std::make_shared<optim::Adam>(model->named_parameters()),
       .loss = [=] { return nn::cross_entropy(model->forward(source, {}, target), wanted); }},
      3 * forward, batch * steps);
}

}  // namespace

Run lstm(Start& start, const Sizes& sizes) {
  return language_model(
      start, {.tokens = 65, .embedding = sizes.width, .hidden = sizes.width, .layers = 2},
      sizes.batch, sizes.steps, 5, [](nn::Module& model) {
        return std::make_shared<optim::RMSprop>(model.named_parameters(),
                                                optim::RMSpropOptions{.lr = 2e-3, .alpha = 0.95});
      });
}

Run lstm_lm(Start& start) {
  return language_model(start, {.tokens = 10'000, .embedding = 200, .hidden = 200, .layers = 2}, 20,
                        35, 0.25, [](nn::Module& model) {
                          return std::make_shared<optim::SGD>(model.named_parameters(),
                                                              optim::SGDOptions{.lr = 1});
                        });
}

Run bilstm_cls(Start& start) {
  constexpr int64_t vocabulary = 10'000, width = 100, hidden = 128, batch = 64, steps = 200;
  const auto model = std::make_shared<TwoWayClassifier>(vocabulary, width, hidden, 2);
  start.weights(*model);
  const Tensor tokens = start.integers("tokens", vocabulary, {batch, steps});
  const Tensor labels = start.integers("labels", 2, {batch});
  const double forward =
      2 * double(batch * steps) * cell(4, width, hidden) + product(batch, 2 * hidden, 2);
  return run_of({.module = model,
                 .optimizer = std::make_shared<optim::Adam>(model->named_parameters()),
                 .loss = [=] { return nn::cross_entropy((*model)(tokens), labels); }},
                3 * forward, batch * steps);
}

Run seq2seq(Start& start) {
  return translator(start,
                    {.source_tokens = 4'000,
                     .target_tokens = 3'000,
                     .embedding = 256,
                     .hidden = 256,
                     .cell = "gru",
                     .dropout = 0},
                    32, 10);
}

Run g2p(Start& start) {
  return translator(start, {.source_tokens = 30, .target_tokens = 44, .dropout = 0}, 128, 9);
}

}  // namespace heed::bench
