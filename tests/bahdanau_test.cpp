// The model of Bahdanau et al. 2015. Constants come from a twin in PyTorch 2.15, in f64, with the
// parameters of fill_with_patterns.
#include "heed/models/bahdanau.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/recording.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/elementwise.h"
#include "heed/core/reduce.h"
#include "heed/models/decode/teacher_forcing.h"
#include "heed/nn/loss.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;
using models::Bahdanau;

namespace {

const char* const cells[] = {"lstm", "gru"};
const char* const scores[] = {"additive", "dot", "general", "scaled_dot"};

Bahdanau make(const std::string& cell, const std::string& score = "additive") {
  Bahdanau model({.source_tokens = 5,
                  .target_tokens = 6,
                  .embedding = 3,
                  .hidden = 4,
                  .cell = cell,
                  .score = score,
                  .dropout = 0});
  fill_with_patterns(model);
  return model;
}

// Two pairs: lengths 3 and 2.
const Tensor source() { return tensor({{1, 2, 3}, {4, 2, 0}}); }
const Tensor lengths() { return tensor({3, 2}); }
const Tensor target_in() { return tensor({{1, 3, 4}, {1, 5, 0}}); }
const Tensor target_out() { return tensor({{3, 4, 2}, {5, 2, -100}}); }

struct Expected {
  Values logits, weights;
  double loss;
  Values gradient_norms;
};

void check_against(Bahdanau model, const Expected& expected) {
  nn::AttentionMaps maps;
  const Variable logits = model.forward(source(), lengths(), target_in(), &maps);
  CHECK(logits.shape() == Shape{2, 3, 6});
  CHECK(distance(logits.value(), expected.logits) < 1e-13);
  REQUIRE(maps.layers.size() == 1);
  CHECK(maps.layers[0].shape() == Shape{2, 3, 3});
  CHECK(distance(maps.layers[0], expected.weights) < 1e-13);
  const Variable loss = nn::cross_entropy(logits, target_out());
  CHECK(loss.item() == Approx(expected.loss).epsilon(1e-12));
  CHECK(nn::unlisted_leaves(model, loss).empty());
  loss.backward();
  Values norms;
  for (const Variable& p : model.parameters())
    norms.push_back(std::sqrt(sum(square(p.grad().value())).item()));
  REQUIRE(norms.size() == expected.gradient_norms.size());
  for (size_t i = 0; i < norms.size(); ++i)
    CHECK(norms[i] == Approx(expected.gradient_norms[i]).epsilon(1e-10));
}

}  // namespace

TEST_CASE("Bahdanau: PyTorch's numbers with LSTM") {
  check_against(
      make("lstm"),
      {{0.489025997906734, 0.233557739868509, 0.499779522815031, 0.315007615767336,
        0.288395035682418, 0.211115346662423, 0.515246837378426, 0.211720064691323,
        0.516515893583706, 0.303922931218166, 0.293463510015766, 0.212229761218613,
        0.529232061985721, 0.203390803734172, 0.51891528002956,  0.307532324004089,
        0.2839640342295,   0.227306926191834, 0.403701958062539, 0.313126832648083,
        0.428582036469565, 0.375492139717207, 0.240612530315333, 0.244624487890319,
        0.41670916309127,  0.30798563760461,  0.425688151406318, 0.386325938394754,
        0.222195091544102, 0.270019902394373, 0.411381699720226, 0.315923407349434,
        0.415401111813957, 0.398623954691002, 0.208290523408489, 0.285073765446848},
       {0.327257166915379, 0.334861968832969, 0.337880864251652, 0.326815534259252,
        0.334902340013033, 0.338282125727716, 0.326889782274498, 0.334884192746734,
        0.338226024978768, 0.489874480703072, 0.510125519296928, 0, 0.489528211370209,
        0.510471788629791, 0, 0.489628130771179, 0.510371869228821, 0},
       1.77794418914448,
       {0.00912457133418187,  0.0107951454721225,   0.00369107492520714,  0.0023623751397755,
        0.0189076098947831,   0.0189076098947831,   0.00655442425282967,  0.000739671736017202,
        0.0290928434975031,   0.0290928434975031,   0.0041643408990672,   0.0110599548364975,
        2.24044857298788e-05, 0.000113515901814445, 0.000241732142080073, 0.0258010160503561,
        0.0102649367031816,   0.0526549705803768,   0.0526549705803768,   0.139803143164772,
        0.329863069574257}});
}

TEST_CASE("Bahdanau: PyTorch's numbers with GRU") {
  check_against(
      make("gru"),
      {{0.487024704453683,  0.286913210567862, 0.396824489474642,  0.464176496979181,
        0.0979177810367834, 0.436637058997287, 0.545452669110596,  0.224770888889877,
        0.460637594688316,  0.400791126056532, 0.1587909660438,    0.38027789735729,
        0.579261994525104,  0.190682399748459, 0.493884234844453,  0.369479663079193,
        0.187137562673973,  0.355828355504165, 0.347685974853793,  0.417633837959031,
        0.279020761004576,  0.565189306866825, 0.0170177337566395, 0.494763915364009,
        0.35872984448493,   0.40532225257518,  0.292195191052098,  0.551585278214085,
        0.0306039874453707, 0.481642225672176, 0.356340157369979,  0.405505813418775,
        0.294223792946839,  0.547411224912876, 0.036786226849426,  0.473655105419815},
       {0.330719524984714, 0.33836623729559, 0.330914237719695, 0.33067323605589, 0.338230008966094,
        0.331096754978016, 0.330520332970931, 0.338186537105113, 0.331293129923956,
        0.480481214234353, 0.519518785765647, 0, 0.480672919342482, 0.519327080657518, 0,
        0.480709560840569, 0.519290439159431, 0},
       1.78074887451349,
       {0.0563343568559508,   0.0138050335135401,  0.00754757400087986, 0.00450061935701603,
        0.0554455401265792,   0.0280002419261575,  0.0249450412368569,  0.00402275804993128,
        0.12619837324803,     0.0476739171065867,  0.00810015461915924, 0.0092635601091216,
        0.000132680721294828, 0.00105405370300971, 0.00272159831565934, 0.0799463742187255,
        0.0391209986116421,   0.145048524694815,   0.0670031195069507,  0.246974004399463,
        0.342741910816138}});
}

TEST_CASE("Bahdanau: names of the parameters") {
  Bahdanau model = make("lstm");
  CHECK(parameter_names(model) == std::vector<std::string>{"source_embedding.weight",
                                                           "target_embedding.weight",
                                                           "encoder.weight_ih_l0",
                                                           "encoder.weight_hh_l0",
                                                           "encoder.bias_ih_l0",
                                                           "encoder.bias_hh_l0",
                                                           "encoder.weight_ih_l0_reverse",
                                                           "encoder.weight_hh_l0_reverse",
                                                           "encoder.bias_ih_l0_reverse",
                                                           "encoder.bias_hh_l0_reverse",
                                                           "initial.weight",
                                                           "initial.bias",
                                                           "attention.query.weight",
                                                           "attention.key.weight",
                                                           "attention.v",
                                                           "decoder.weight_ih",
                                                           "decoder.weight_hh",
                                                           "decoder.bias_ih",
                                                           "decoder.bias_hh",
                                                           "output.weight",
                                                           "output.bias"});
}

TEST_CASE("Bahdanau: forward is its steps one after the other") {
  for (const char* cell : cells) {
    for (const char* score : scores) {
      const Bahdanau model = make(cell, score);
      nn::AttentionMaps maps;
      const Variable whole = model.forward(source(), lengths(), target_in(), &maps);
      models::DecoderState state = model.encode(source(), lengths());
      for (int64_t t = 0; t < 3; ++t) {
        const models::DecoderStep step = model.step(select(target_in(), 1, t), state);
        CHECK(distance(step.logits.value(), select(whole.value(), 1, t)) < 1e-13);
        CHECK(distance(step.weights.value(), select(maps.layers[0], 1, t)) < 1e-13);
        state = step.state;
      }
    }
  }
}

TEST_CASE("Bahdanau: padding changes nothing") {
  for (const char* cell : cells) {
    const Bahdanau model = make(cell);
    const Variable plain = model.forward(source(), lengths(), target_in());
    nn::AttentionMaps maps;
    const Tensor longer = pad(source(), {0, 2}, 4);
    const Variable padded = model.forward(longer, lengths(), pad(target_in(), {0, 1}, 5), &maps);
    CHECK(distance(narrow(padded.value(), 1, 0, 3), plain.value()) < 1e-13);
    CHECK(distance(narrow(maps.layers[0], 2, 3, 2), zeros({2, 4, 2})) == 0);
    CHECK(distance(sum(maps.layers[0], {2}), ones({2, 4})) < 1e-13);
    const Variable alone = model.forward(narrow(narrow(source(), 0, 1, 1), 1, 0, 2), tensor({2}),
                                         narrow(target_in(), 0, 1, 1));
    CHECK(distance(alone.value(), narrow(plain.value(), 0, 1, 1)) < 1e-13);
  }
}

TEST_CASE("Bahdanau: dropout in training only, copies independent") {
  Bahdanau model(
      {.source_tokens = 5, .target_tokens = 6, .embedding = 8, .hidden = 8, .dropout = 0.5});
  const auto logits = [&] { return model.forward(source(), lengths(), target_in()).value(); };
  CHECK(distance(logits(), logits()) > 0);
  model.eval();
  const Tensor before = logits();
  CHECK(distance(before, logits()) == 0);
  Bahdanau copy = model;
  copy.output.weight.value().fill_(0);
  CHECK(distance(before, logits()) == 0);
}

TEST_CASE("Bahdanau: gradients, first and second order") {
  for (const char* cell : cells) {
    for (const char* score : {"additive", "general"}) {
      Bahdanau model = make(cell, score);
      const auto result = gradcheck(
          [&](std::span<const Variable>) -> std::vector<Variable> {
            return {model.forward(source(), lengths(), narrow(target_in(), 1, 0, 2))};
          },
          model.parameters(), {.second_order = true, .entries_per_input = 1});
      INFO(cell << " " << score << ": " << result.message);
      CHECK(result.ok);
    }
  }
}

TEST_CASE("forward_sampled: ratio 1 is teacher forcing, ratio 0 reads its own tokens") {
  const Bahdanau model = make("gru");
  const Tensor forced = model.forward(source(), lengths(), target_in()).value();
  const auto sampled = [&](double ratio, uint64_t seed = 0) {
    Generator generator(seed);
    nn::AttentionMaps maps;
    const Variable logits =
        models::forward_sampled(model, source(), lengths(), target_in(),
                                {.ratio = ratio, .generator = &generator, .maps = &maps});
    CHECK(maps.layers.at(0).shape() == Shape{2, 3, 3});
    CHECK(logits.requires_grad());
    return logits.value();
  };
  CHECK(distance(sampled(1), forced) == 0);
  const Tensor own = sampled(0);
  Tensor read = cat({narrow(target_in(), 1, 0, 1), narrow(argmax(own, 2), 1, 0, 2)}, 1);
  CHECK(distance(model.forward(source(), lengths(), read).value(), own) < 1e-13);
  CHECK(distance(own, forced) > 1e-3);
  CHECK(distance(sampled(0.5, 7), sampled(0.5, 7)) == 0);
  bool differs = false;
  for (uint64_t seed = 0; seed < 8; ++seed)
    differs |=
        distance(sampled(0.5, seed), forced) > 1e-3 && distance(sampled(0.5, seed), own) > 1e-3;
  CHECK(differs);
  check_error([&] { sampled(1.5); }, "forward_sampled: expected a ratio in [0, 1], got 1.5");
}

TEST_CASE("forward_sampled: gradients flow as in forward") {
  Bahdanau forward = make("lstm"), sampled = make("lstm");
  sum(forward.forward(source(), lengths(), target_in())).backward();
  // The model's own tokens, given as right ones: both ways of reading them are the same.
  const Tensor own =
      models::forward_sampled(sampled, source(), lengths(), target_in(), {.ratio = 0}).value();
  const Tensor read = cat({narrow(target_in(), 1, 0, 1), narrow(argmax(own, 2), 1, 0, 2)}, 1);
  sum(models::forward_sampled(sampled, source(), lengths(), target_in(), {.ratio = 0})).backward();
  forward.zero_grad();
  sum(forward.forward(source(), lengths(), read)).backward();
  const auto a = forward.parameters(), b = sampled.parameters();
  for (size_t i = 0; i < a.size(); ++i)
    CHECK(distance(a[i].grad().value(), b[i].grad().value()) < 1e-12);
}

TEST_CASE("Bahdanau: configuration") {
  CHECK(make("gru", "dot").config().dump() ==
        R"({"source_tokens":5,"target_tokens":6,"embedding":3,"hidden":4,"cell":"gru",)"
        R"("score":"dot","alignment":"soft","window":10.0,"dropout":0.0})");
  CHECK(make("gru").type() == "bahdanau");
  check_error([] { Bahdanau({.source_tokens = 5, .target_tokens = 6, .cell = "rnn"}); }, "cell");
  check_error([] { Bahdanau({.source_tokens = 5, .target_tokens = 6, .hidden = 5}); },
              "Bahdanau: expected an even number of hidden units, got 5");
  check_error(
      [] {
        make("gru").forward(source(), lengths(), tensor({1, 2}));
      },
      "Bahdanau: expected target_in (2, steps), got (2,)");
}
