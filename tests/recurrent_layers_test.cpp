// RNN, LSTM and GRU layers and their cells. Constants come from PyTorch 2.15 in f64, with the
// parameters of fill_with_patterns.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/random.h"
#include "heed/nn/recurrent.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr double bar = 1e-13;
constexpr RecurrentKind kinds[] = {RecurrentKind::rnn_tanh, RecurrentKind::rnn_relu,
                                   RecurrentKind::gru, RecurrentKind::lstm};

/// The run that the constants come from: lengths 3 and 2, and the gradient of a weighted sum.
struct Run {
  Variable x;
  RecurrentResult result;
};

Run run(nn::Recurrent& layer) {
  fill_with_patterns(layer);
  Run run{pattern({2, 3, 3}), {}};
  run.x.requires_grad_();
  const int64_t states = int64_t(layer.layers.size());
  nn::RecurrentInput input{.h_0 = pattern({states, 2, 2}, 0.1), .lengths = tensor({3, 2})};
  if (layer.kind == RecurrentKind::lstm) input.c_0 = pattern({states, 2, 2}, 0.2);
  run.result = layer(run.x, input);
  sum(run.result.output * pattern(run.result.output.shape(), 0.9)).backward();
  return run;
}

Variable random(const Shape& shape, DType dtype = f32) {
  return Variable(randn(shape, {.dtype = dtype}));
}

}  // namespace

TEST_CASE("recurrent layers name their parameters as PyTorch does") {
  nn::LSTM lstm({.input_size = 3, .hidden_size = 2, .num_layers = 2, .bidirectional = true});
  CHECK(parameter_names(lstm) ==
        std::vector<std::string>{
            "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
            "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse", "weight_ih_l1",
            "weight_hh_l1", "bias_ih_l1", "bias_hh_l1", "weight_ih_l1_reverse",
            "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse"});
  CHECK(lstm.layers[0].weight_ih.shape() == Shape{8, 3});
  CHECK(lstm.layers[2].weight_ih.shape() == Shape{8, 4});
  CHECK(lstm.layers[3].bias_hh->shape() == Shape{8});
  nn::GRU gru({.input_size = 3, .hidden_size = 2, .bias = false});
  CHECK(parameter_names(gru) == std::vector<std::string>{"weight_ih_l0", "weight_hh_l0"});
  nn::GRUCell cell({.input_size = 3, .hidden_size = 2});
  CHECK(parameter_names(cell) ==
        std::vector<std::string>{"weight_ih", "weight_hh", "bias_ih", "bias_hh"});
}

TEST_CASE("recurrent layers start uniform within 1/sqrt(H)") {
  nn::LSTM lstm({.input_size = 50, .hidden_size = 25});
  const std::vector<double> numbers = values(lstm.layers[0].weight_ih.value());
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  CHECK(*low >= -0.2);
  CHECK(*low < -0.19);
  CHECK(*high <= 0.2);
  CHECK(*high > 0.19);
}

TEST_CASE("LSTM: two layers, both directions, lengths: PyTorch's numbers") {
  nn::LSTM layer({.input_size = 3, .hidden_size = 2, .num_layers = 2, .bidirectional = true});
  const auto [x, result] = run(layer);
  CHECK(result.output.shape() == Shape{2, 3, 4});
  CHECK(distance(result.output.value(), {0.0327516096128732,
                                         0.104739362544538,
                                         0.421079852846665,
                                         0.342785189281725,
                                         0.150886975093031,
                                         0.113709136521143,
                                         0.412876786692365,
                                         0.317209579963472,
                                         0.207124458386156,
                                         0.113809441979076,
                                         0.417668792486504,
                                         0.23309814917726,
                                         0.239602777844618,
                                         0.17560384925037,
                                         0.100329394781885,
                                         0.150411059839662,
                                         0.317710329959261,
                                         0.231609907178443,
                                         -0.136430090695379,
                                         -0.150025021491341,
                                         0,
                                         0,
                                         0,
                                         0}) < bar);
  CHECK(result.h_n.shape() == Shape{4, 2, 2});
  CHECK(distance(result.h_n.value(),
                 {0.00620171203180391, -0.0449515825684378, -0.099948895443392, -0.179486047028855,
                  -0.110874877924877, -0.314272976523375, -0.179732297083296, -0.33246405927355,
                  0.207124458386156, 0.113809441979076, 0.317710329959261, 0.231609907178443,
                  0.421079852846665, 0.342785189281725, 0.100329394781885, 0.150411059839662}) <
        bar);
  CHECK(distance(result.c_n.value(),
                 {0.0220880661598476, -0.191301726412133, -0.2783550105294, -0.442951500820659,
                  -0.35882340624234, -0.726547128469607, -0.586361968758384, -0.75108584577477,
                  0.479644831967154, 0.295540017806098, 1.05524451229524, 0.790652077319145,
                  0.752302912073963, 0.880214206150862, 0.165562857150159, 0.307754897874735}) <
        bar);
  CHECK(
      distance(x.grad().value(),
               {0.0131453600797344, 0.0185773519888078, 0.0214949864564938, -0.00129508573179395,
                -0.000143023430062495, 0.00102839642197468, 0.007610293191035, 0.00824314374194309,
                0.00776032345771459, -0.0102247102984797, -0.016560537029914, -0.0206549727633407,
                0.0258098199272542, 0.0302267900342485, 0.0305527059103896, 0, 0, 0}) < bar);
  CHECK(
      distance(layer.layers[0].weight_hh.grad().value(),
               {0.00185610839746119, 0.00570907797550181, -0.00270003099512002, 0.00206822554541491,
                -0.00157494557252502, -0.00286769390460563, 0.000781985806297687,
                -0.00521236837110561, 0.00109064808738046, 0.00177960352993026, 0.00282938598446809,
                -0.00348736700939837, 0.000796560920048836, 0.00697342124629102,
                -0.00784948218769716, -0.00469061269325495}) < bar);
}

TEST_CASE("GRU: two layers without biases: PyTorch's numbers") {
  nn::GRU layer({.input_size = 3, .hidden_size = 2, .num_layers = 2, .bias = false});
  const auto [x, result] = run(layer);
  CHECK(distance(result.output.value(),
                 {0.137466971661407, -0.250980316752679, 0.0823727659812278, -0.146350490947567,
                  -0.0356564682974038, -0.0618397546677104, -0.704161120646947, -0.713929238230789,
                  -0.517928990096409, -0.541728431926771, 0, 0}) < bar);
  CHECK(distance(result.h_n.value(), {0.398602519715639, 0.109782926053716, 0.135335455652227,
                                      -0.201261391797256, -0.0356564682974038, -0.0618397546677104,
                                      -0.517928990096409, -0.541728431926771}) < bar);
  CHECK(!result.c_n.defined());
  CHECK(distance(
            x.grad().value(),
            {0.00736565823835478, 0.00886178307072772, 0.00915850713698136, 0.0198767900766355,
             0.0146117198723862, 0.00736902193008605, -0.00868732812425855, -0.00991433416427722,
             -0.00979948158540506, -0.00242368152815089, -0.00391679645431472, -0.00487979135490985,
             -0.01252002559768, -0.00822687735335225, -0.00282025985327457, 0, 0, 0}) < bar);
  CHECK(distance(layer.layers[0].weight_hh.grad().value(),
                 {-0.000298530910496056, 0.000586297348336535, -0.00156438148782918,
                  -0.000529998331958567, 0.0170644968192529, -0.00245175812991001,
                  0.0115383572238103, 0.00263643718574607, 0.00353993904772116,
                  -0.00826232633510603, 0.0247318196542651, -0.00367373718942948}) < bar);
}

TEST_CASE("RNN with ReLU, both directions: PyTorch's numbers") {
  nn::RNN layer({.input_size = 3, .hidden_size = 2, .bidirectional = true}, nn::Nonlinearity::relu);
  const auto [x, result] = run(layer);
  CHECK(distance(result.output.value(), {0.644286443238858,
                                         0.756505211552621,
                                         0.233315760240784,
                                         1.1390509993449,
                                         0.321518503417799,
                                         0.162128973492124,
                                         0.45639986633393,
                                         0.564840119353219,
                                         0,
                                         0,
                                         1.07659433003556,
                                         0.0177403212333628,
                                         1.02721771744396,
                                         1.10954459572542,
                                         0.0680578584432605,
                                         0.797401371947517,
                                         0.603636079711926,
                                         0.376836727456893,
                                         0.0792021260080876,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0}) < bar);
  CHECK(distance(result.h_n.value(), {0, 0, 0.603636079711926, 0.376836727456893, 0.233315760240784,
                                      1.1390509993449, 0.0680578584432605, 0.797401371947517}) <
        bar);
  CHECK(distance(x.grad().value(),
                 {-0.0705435863216398, 0.0742014055667491, 0.208903585306208, -0.0553770126726549,
                  -0.280117332866162, -0.466945086146047, -0.295021859191588, -0.151195219528753,
                  0.01309498380846, 0.0913282946397326, -0.150253824348242, -0.371499793083238,
                  -0.0657927632456108, -0.0829658451604587, -0.0889098891432127, 0, 0, 0}) < bar);
  CHECK(distance(layer.layers[0].weight_hh.grad().value(),
                 {-0.745669483457192, -0.700557655584904, -0.981418227345576, -0.614194368363284}) <
        bar);
}

TEST_CASE("cells: PyTorch's numbers") {
  const Variable x(pattern({2, 3})), h(pattern({2, 2}, 0.1)), c(pattern({2, 2}, 0.2));
  nn::LSTMCell lstm({.input_size = 3, .hidden_size = 2});
  fill_with_patterns(lstm);
  const LstmState next = lstm(x, {h, c});
  CHECK(distance(next.h.value(), {-0.252285998720707, -0.230919532505051, -0.0251850527842033,
                                  -0.143325428970429}) < bar);
  CHECK(distance(next.c.value(), {-0.524945854345281, -0.367973536057437, -0.0833585761221119,
                                  -0.284414049007942}) < bar);
  nn::GRUCell gru({.input_size = 3, .hidden_size = 2});
  fill_with_patterns(gru);
  CHECK(distance(gru(x, h).value(), {-0.437680195878563, -0.415937607530899, 0.0489461013742397,
                                     -0.300815606644382}) < bar);
  nn::RNNCell rnn({.input_size = 3, .hidden_size = 2});
  fill_with_patterns(rnn);
  CHECK(distance(rnn(x, h).value(), {0.567811074912912, 0.639013845878632, 0.444919222396089,
                                     0.29317555063525}) < bar);
  nn::RNNCell relu({.input_size = 3, .hidden_size = 2, .bias = false}, nn::Nonlinearity::relu);
  fill_with_patterns(relu);
  CHECK(distance(relu(x).value(), {0.389182595092962, 0.82238587506161, 0, 0.0233028199829721}) <
        bar);
}

TEST_CASE("a sequence step by step equals the whole sequence") {
  manual_seed(1);
  for (const RecurrentKind kind : kinds) {
    nn::Recurrent layer(kind, {.input_size = 5, .hidden_size = 7});
    nn::RecurrentCell cell(kind, {.input_size = 5, .hidden_size = 7});
    cell.gates = layer.layers[0];
    const Variable x = random({4, 6, 5});
    const RecurrentResult whole = layer(x);
    LstmState state;
    for (int64_t t = 0; t < 6; ++t) {
      state = cell(select(x, 1, t), state);
      CHECK(distance(state.h.value(), select(whole.output, 1, t).value()) < 1e-6);
    }
    CHECK(distance(state.h.value(), whole.h_n[0].value()) < 1e-6);
    // The state after three steps goes on where it stopped.
    const RecurrentResult first = layer(narrow(x, 1, 0, 3));
    const RecurrentResult second = layer(narrow(x, 1, 3, 3), {.h_0 = first.h_n, .c_0 = first.c_n});
    CHECK(distance(second.h_n.value(), whole.h_n.value()) < 1e-6);
  }
}

TEST_CASE("padded steps change nothing, whatever they hold") {
  manual_seed(2);
  for (const RecurrentKind kind : kinds) {
    nn::Recurrent layer(
        kind, {.input_size = 3, .hidden_size = 4, .num_layers = 2, .bidirectional = true});
    const Variable x = random({3, 4, 3});
    Variable padded(cat({x.value(), full({3, 2, 3}, 1e3)}, 1));
    padded.requires_grad_();
    const RecurrentResult plain = layer(x, {.lengths = tensor({4, 2, 1})});
    const RecurrentResult longer = layer(padded, {.lengths = tensor({4, 2, 1})});
    CHECK(distance(narrow(longer.output.value(), 1, 0, 4), plain.output.value()) < 1e-6);
    CHECK(distance(narrow(longer.output.value(), 1, 4, 2), zeros({3, 2, 8})) == 0);
    CHECK(distance(longer.h_n.value(), plain.h_n.value()) < 1e-6);
    // The second sequence alone.
    const RecurrentResult alone = layer(narrow(narrow(x, 0, 1, 1), 1, 0, 2));
    CHECK(distance(narrow(narrow(longer.output.value(), 0, 1, 1), 1, 0, 2), alone.output.value()) <
          1e-6);
    CHECK(distance(narrow(longer.h_n.value(), 1, 1, 1), alone.h_n.value()) < 1e-6);
    sum(longer.output).backward();
    CHECK(distance(narrow(padded.grad().value(), 1, 4, 2), zeros({3, 2, 3})) == 0);
    CHECK(distance(narrow(padded.grad()[2].value(), 0, 1, 5), zeros({5, 3})) == 0);
  }
}

TEST_CASE("both directions are two layers, one of them over the reversed sequence") {
  nn::GRU both({.input_size = 3, .hidden_size = 4, .bidirectional = true});
  nn::GRU one({.input_size = 3, .hidden_size = 4});
  const Variable x = random({2, 5, 3});
  const RecurrentResult result = both(x);
  one.layers[0] = both.layers[0];
  CHECK(distance(one(x).output.value(), narrow(result.output, 2, 0, 4).value()) < 1e-6);
  one.layers[0] = both.layers[1];
  const Variable backward = flip(one(flip(x, {1})).output, {1});
  CHECK(distance(backward.value(), narrow(result.output, 2, 4, 4).value()) < 1e-6);
}

TEST_CASE("time-first sequences are batch-first ones transposed") {
  nn::LSTM batch_first({.input_size = 3, .hidden_size = 4, .bidirectional = true});
  nn::LSTM time_first(
      {.input_size = 3, .hidden_size = 4, .batch_first = false, .bidirectional = true});
  time_first.load_state_dict(batch_first.state_dict());
  const Variable x = random({2, 5, 3});
  const auto a = batch_first(x, {.lengths = tensor({5, 3})});
  const auto b = time_first(transpose(x, 0, 1), {.lengths = tensor({5, 3})});
  CHECK(distance(transpose(b.output, 0, 1).value(), a.output.value()) < 1e-6);
  CHECK(distance(b.h_n.value(), a.h_n.value()) < 1e-6);
}

TEST_CASE("dropout works between layers, in training only") {
  nn::LSTM lstm({.input_size = 3, .hidden_size = 8, .num_layers = 2, .dropout = 0.5});
  nn::LSTM single({.input_size = 3, .hidden_size = 8, .dropout = 0.5});
  const Variable x = random({2, 5, 3});
  CHECK(distance(lstm(x).output.value(), lstm(x).output.value()) > 0);
  CHECK(distance(narrow(lstm(x).h_n, 0, 0, 1).value(), narrow(lstm(x).h_n, 0, 0, 1).value()) == 0);
  CHECK(distance(single(x).output.value(), single(x).output.value()) == 0);
  lstm.eval();
  CHECK(distance(lstm(x).output.value(), lstm(x).output.value()) == 0);
}

TEST_CASE("gradients of recurrent layers, first and second order") {
  manual_seed(3);
  for (const RecurrentKind kind : kinds) {
    nn::Recurrent layer(
        kind, {.input_size = 2, .hidden_size = 3, .num_layers = 2, .bidirectional = true});
    layer.to(f64);
    std::vector<Variable> inputs = layer.parameters();
    inputs.push_back(random({2, 3, 2}, f64).requires_grad_());
    const auto result = gradcheck(
        [&](std::span<const Variable> in) -> std::vector<Variable> {
          const auto [output, h, c] = layer(in.back(), {.lengths = tensor({3, 2})});
          return c.defined() ? std::vector{output, h, c} : std::vector{output, h};
        },
        inputs, {.second_order = true, .entries_per_input = 2});
    INFO(recurrent_name(kind) << ": " << result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("recurrent layers say what they expected") {
  check_error([] { nn::LSTM({.hidden_size = 4}); },
              "LSTM: expected input_size, hidden_size and num_layers of at least 1, got 0, 4");
  check_error([] { nn::GRU({.input_size = 1, .hidden_size = 1, .dropout = 2}); },
              "GRU: expected a dropout in [0, 1], got 2");
  check_error([] { nn::RNNCell({.input_size = 1}); }, "RNNCell: expected input_size");
  const nn::GRU gru({.input_size = 3, .hidden_size = 4});
  check_error(
      [&] {
        gru(random({2, 3}));
      },
      "GRU: expected x of shape (batch, steps, 3), got (2, 3)");
  check_error(
      [&] {
        gru(random({2, 5, 3}), {.h_0 = random({2, 4})});
      },
      "GRU: expected h_0 of shape (1, 2, 4), got (2, 4)");
  check_error(
      [&] {
        gru(random({2, 5, 3}), {.c_0 = random({1, 2, 4})});
      },
      "only an LSTM has cell states");
  check_error([&] { gru(random({2, 5, 3}), {.lengths = tensor({6, 1})}); }, "lengths[0] is 6");
  const nn::LSTM lstm({.input_size = 3, .hidden_size = 4});
  check_error(
      [&] {
        lstm(random({2, 5, 3}), {.h_0 = random({1, 2, 4})});
      },
      "LSTM: expected h_0 and c_0, or neither, got h_0 alone");
  const nn::LSTMCell cell({.input_size = 3, .hidden_size = 4});
  check_error(
      [&] {
        cell(random({2, 3}), {.h = {}, .c = random({2, 4})});
      },
      "LSTMCell: expected h and c, or neither, got c alone");
  check_error([&] { cell(random({2, 4})); }, "LSTMCell: expected x of shape (batch, 3)");
}
