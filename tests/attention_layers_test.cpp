// nn::Attention with its four scores, and nn::MultiheadAttention. Constants come from PyTorch 2.15
// in f64, with the parameters of fill_with_patterns.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/nn/attention.h"
#include "heed/nn/multihead_attention.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr double bar = 1e-13;
constexpr nn::Score scores[] = {nn::Score::additive, nn::Score::dot, nn::Score::general,
                                nn::Score::scaled_dot};

Variable random(const Shape& shape) { return Variable(randn(shape, {.dtype = f64})); }

nn::Attention make(nn::Score score) {
  nn::Attention attention({.score = score,
                           .query_size = 4,
                           .key_size = 4,
                           .hidden_size = score == nn::Score::additive ? 3 : 0});
  attention.to(f64);
  return attention;
}

/// The score of one query and one key, written out.
double reference(const nn::Attention& attention, const Tensor& q, const Tensor& k) {
  const auto product = [](const Tensor& matrix, const Tensor& x, int64_t row) {
    double sum = 0;
    for (int64_t j = 0; j < x.numel(); ++j) sum += matrix.at({row, j}) * x.at({j});
    return sum;
  };
  double score = 0;
  if (attention.options.score == nn::Score::additive) {
    for (int64_t a = 0; a < 3; ++a)
      score +=
          attention.v->value().at({a}) * std::tanh(product(attention.query->weight.value(), q, a) +
                                                   product(attention.key->weight.value(), k, a));
    return score;
  }
  for (int64_t i = 0; i < 4; ++i)
    score += q.at({i}) * (attention.options.score == nn::Score::general
                              ? product(attention.key->weight.value(), k, i)
                              : k.at({i}));
  return attention.options.score == nn::Score::scaled_dot ? score / 2 : score;
}

}  // namespace

TEST_CASE("attention: every score is what its formula says") {
  manual_seed(1);
  const Variable query = random({2, 4}), memory = random({2, 3, 4});
  for (const nn::Score score : scores) {
    const nn::Attention attention = make(score);
    const nn::AttentionLook step = attention(query, attention.prepare(memory));
    for (int64_t b = 0; b < 2; ++b) {
      double total = 0, weight[3], context[4] = {};
      for (int64_t s = 0; s < 3; ++s)
        total += weight[s] = std::exp(reference(attention, query.value()[b], memory.value()[b][s]));
      for (int64_t s = 0; s < 3; ++s) {
        CHECK(step.weights.value().at({b, s}) == Approx(weight[s] / total).epsilon(1e-12));
        for (int64_t d = 0; d < 4; ++d)
          context[d] += weight[s] / total * memory.value().at({b, s, d});
      }
      for (int64_t d = 0; d < 4; ++d)
        CHECK(std::abs(step.context.value().at({b, d}) - context[d]) < 1e-12);
    }
  }
}

TEST_CASE("attention: concat is additive with the two halves of its weight") {
  nn::Attention concat(
      {.score = nn::Score::concat, .query_size = 4, .key_size = 4, .hidden_size = 3});
  fill_with_patterns(concat);
  nn::Attention additive = make(nn::Score::additive);
  additive.query->weight.value().copy_(narrow(concat.both->weight.value(), 1, 0, 4));
  additive.key->weight.value().copy_(narrow(concat.both->weight.value(), 1, 4, 4));
  additive.v->value().copy_(concat.v->value());
  const Variable query = random({2, 4}), memory = random({2, 3, 4});
  CHECK(distance(concat(query, concat.prepare(memory)).context.value(),
                 additive(query, additive.prepare(memory)).context.value()) < 1e-13);
}

TEST_CASE("attention: masked keys count for nothing, rows without keys give zeros") {
  for (const nn::Score score : scores) {
    const nn::Attention attention = make(score);
    Variable query = random({3, 4}), memory = random({3, 4, 4});
    query.requires_grad_();
    memory.requires_grad_();
    const Tensor mask = nn::length_mask(tensor({4, 2, 0}), 4);
    CHECK(equal(nn::padding_mask(tensor({4, 2, 0}), 4), logical_not(mask)));
    const auto look = attention(query, attention.prepare(memory), mask);
    const auto& [context, weights, state, log_p] = look;
    CHECK(distance(narrow(weights[1].value(), 0, 2, 2), zeros({2})) == 0);
    CHECK(distance(weights[2].value(), zeros({4})) == 0);
    CHECK(distance(context[2].value(), zeros({4})) == 0);
    const Variable shorter = narrow(narrow(memory, 0, 1, 1), 1, 0, 2);
    const auto alone = attention(narrow(query, 0, 1, 1), attention.prepare(shorter));
    CHECK(distance(alone.context.value(), narrow(context, 0, 1, 1).value()) < 1e-13);
    (sum(context * context) + sum(weights * weights)).backward();
    CHECK(distance(query.grad()[2].value(), zeros({4})) == 0);
    CHECK(distance(memory.grad()[2].value(), zeros({4, 4})) == 0);
    CHECK(distance(narrow(memory.grad()[1].value(), 0, 2, 2), zeros({2, 4})) == 0);
  }
}

TEST_CASE("attention: parameters of each score") {
  const auto names = [](nn::Score score) {
    nn::Attention attention = make(score);
    return parameter_names(attention);
  };
  using Names = std::vector<std::string>;
  CHECK(names(nn::Score::additive) == Names{"query.weight", "key.weight", "v"});
  CHECK(names(nn::Score::general) == Names{"key.weight"});
  CHECK(names(nn::Score::dot) == Names{});
  CHECK(names(nn::Score::scaled_dot) == Names{});
  CHECK(nn::score_from_name("scaled_dot") == nn::Score::scaled_dot);
}

TEST_CASE("gradients of attention, first and second order") {
  manual_seed(2);
  for (const nn::Score score : scores) {
    nn::Attention attention = make(score);
    std::vector<Variable> inputs = attention.parameters();
    inputs.push_back(random({2, 4}).requires_grad_());
    inputs.push_back(random({2, 3, 4}).requires_grad_());
    const auto result = gradcheck(
        [&](std::span<const Variable> in) -> std::vector<Variable> {
          const auto look = attention(in[in.size() - 2], attention.prepare(in.back()),
                                      nn::length_mask(tensor({3, 2}), 3));
          return {look.context, look.weights};
        },
        inputs, {.second_order = true, .entries_per_input = 3});
    INFO(result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("attention says what it expected") {
  check_error(
      [] { nn::Attention({.query_size = 4, .key_size = 4}); },
      "Attention: expected a hidden_size of at least 1 for the scores additive, concat and");
  check_error([] { nn::Attention({.score = nn::Score::dot, .query_size = 4, .key_size = 3}); },
              "query_size = key_size, got 4 and 3");
  check_error([] { nn::score_from_name("cosine"); }, "got \"cosine\"");
  const nn::Attention attention = make(nn::Score::dot);
  const nn::AttentionMemory memory = attention.prepare(random({2, 3, 4}));
  check_error([&] { attention.prepare(random({2, 3, 5})); }, "(batch, steps, 4), got (2, 3, 5)");
  check_error([&] { attention(random({2, 5}), memory); }, "query of shape (2, 4), got (2, 5)");
  check_error([&] { attention(random({2, 4}), memory, ones({2, 3})); }, "of u8, got (2, 3) of f32");
}

TEST_CASE("MultiheadAttention of a sequence with itself: PyTorch's numbers") {
  nn::MultiheadAttention layer({.embed_dim = 4, .num_heads = 2});
  CHECK(parameter_names(layer) == std::vector<std::string>{"in_proj_weight", "in_proj_bias",
                                                           "out_proj.weight", "out_proj.bias"});
  fill_with_patterns(layer);
  Variable x(pattern({2, 3, 4}));
  x.requires_grad_();
  const Tensor padding = to(tensor({{0, 0, 0}, {0, 0, 1}}), u8);
  const Tensor future = triu(ones({3, 3}, {.dtype = u8}), 1);
  const auto [output, weights] = layer(x, x, x, {.key_padding_mask = padding, .attn_mask = future});
  CHECK(
      distance(output.value(),
               {-0.0347367157142844, 0.0418181841709102, -0.566184483160347,  -0.816053099229465,
                -0.440035404792139,  0.0786368897748375, -0.15420897038693,   -0.778162826868027,
                -0.133178547819724,  0.0125175875829571, -0.473056116435714,  -0.769864302052251,
                -0.49896921905361,   0.177502034334601,  -0.0773466296051932, -0.863089504830172,
                -0.292188432930237,  0.135666044498947,  -0.291714090047509,  -0.860127606735704,
                -0.30829092439083,   0.131488590613332,  -0.276369151646783,  -0.853167451865892}) <
      bar);
  CHECK(weights.shape() == Shape{2, 3, 3});
  CHECK(distance(weights.value(),
                 {1, 0, 0, 0.256597865140735, 0.743402134859265, 0, 0.433280191720998,
                  0.170633087714046, 0.396086720564956, 1, 0, 0, 0.453630733372789,
                  0.546369266627211, 0, 0.496169203908256, 0.503830796091744, 0}) < bar);
  sum(output * pattern({2, 3, 4}, 0.9)).backward();
  CHECK(distance(
            x.grad().value(),
            {-0.0688368976738375, -0.0732243066606057, -0.0677011492516122, -0.0530149588918609,
             0.0969229617774923,  0.110672578612365,   0.10944318112059,    0.0934011624853152,
             -0.0334426880183605, -0.0637537209922464, -0.0854359869120573, -0.0955548928016541,
             -0.074478869577398,  0.0247820084541385,  0.120688757899065,   0.200260850138911,
             0.0115017121056176,  -0.0155109166923966, -0.0404242156810945, -0.0598662867159247,
             0.00929148217154479, 0.0221941031779742,  0.0320928564365095,  0.0376479921307587}) <
        bar);
}

TEST_CASE("MultiheadAttention with kdim and vdim, time first, per head: PyTorch's numbers") {
  nn::MultiheadAttention layer(
      {.embed_dim = 4, .num_heads = 2, .kdim = 3, .vdim = 5, .batch_first = false});
  CHECK(parameter_names(layer) == std::vector<std::string>{"q_proj_weight", "k_proj_weight",
                                                           "v_proj_weight", "in_proj_bias",
                                                           "out_proj.weight", "out_proj.bias"});
  fill_with_patterns(layer);
  const Variable q(pattern({2, 2, 4})), k(pattern({3, 2, 3}, 0.1)), v(pattern({3, 2, 5}, 0.2));
  const auto [output, weights] =
      layer(q, k, v, {.attn_mask = pattern({4, 2, 3}, 0.5), .average_attn_weights = false});
  CHECK(distance(output.value(),
                 {-0.0605038921200813, 0.789677550149345, 0.576534081237967, -0.134778021216395,
                  -0.168759185730686, 0.593852454020114, 0.649277815694737, 0.0742386600584279,
                  0.0653075911037534, 0.73562215087186, 0.44092001628702, -0.105315317077533,
                  0.0288067899509848, 0.295525359182173, 0.397612235391718, 0.326927900920712}) <
        bar);
  CHECK(weights.shape() == Shape{2, 2, 2, 3});
  CHECK(distance(weights.value(),
                 {0.297766916228223, 0.25773976700791,  0.444493316763867, 0.631780108544939,
                  0.208720316434012, 0.15949957502105,  0.44152182906409,  0.0614483747625608,
                  0.497029796173349, 0.475247208368527, 0.123558794207537, 0.401193997423936,
                  0.414621436524626, 0.172176701843851, 0.413201861631523, 0.132013236174826,
                  0.136356171089221, 0.731630592735953, 0.215628704318021, 0.282043178947656,
                  0.502328116734324, 0.565646416712056, 0.289007978204179, 0.145345605083765}) <
        bar);
  CHECK(!layer(q, k, v, {.need_weights = false}).weights.defined());
}

TEST_CASE("MultiheadAttention: a query whose keys are all masked gets the bias alone") {
  nn::MultiheadAttention layer({.embed_dim = 4, .num_heads = 2});
  fill_with_patterns(layer);
  Variable x = random({2, 3, 4});
  x.requires_grad_();
  Tensor additive = zeros({3, 3}, {.dtype = f64});
  additive[1].fill_(-INFINITY);
  const Tensor boolean = to(tensor({{0, 0, 0}, {1, 1, 1}, {0, 0, 0}}), u8);
  for (const Variable& mask : {Variable(additive), Variable(boolean)}) {
    const auto [output, weights] = layer(x, x, x, {.attn_mask = mask});
    CHECK(distance(weights[0][1].value(), zeros({3})) == 0);
    CHECK(distance(output[0][1].value(), layer.out_proj.bias->value()) == 0);
    x.zero_grad();
    sum(output).backward();
    CHECK(distance(x.grad().value(), values(x.grad().value())) == 0);  // no NaN
  }
}

TEST_CASE("gradients of MultiheadAttention, first and second order") {
  manual_seed(4);
  for (const int64_t kdim : {4, 3}) {
    nn::MultiheadAttention layer({.embed_dim = 4, .num_heads = 2, .kdim = kdim});
    layer.to(f64);
    std::vector<Variable> inputs = layer.parameters();
    inputs.push_back(random({1, 2, 4}).requires_grad_());
    inputs.push_back(random({1, 3, kdim}).requires_grad_());
    inputs.push_back(random({1, 3, 4}).requires_grad_());
    const auto result = gradcheck(
        [&](std::span<const Variable> in) -> std::vector<Variable> {
          const auto* last = &in[in.size() - 3];
          const auto [output, weights] = layer(last[0], last[1], last[2]);
          return {output, weights};
        },
        inputs, {.second_order = true, .entries_per_input = 2});
    INFO(result.message);
    CHECK(result.ok);
  }
}

TEST_CASE("MultiheadAttention says what it expected") {
  check_error([] { nn::MultiheadAttention({.embed_dim = 5, .num_heads = 2}); },
              "an embed_dim that is a multiple of num_heads, got 5 and 2");
  nn::MultiheadAttention layer({.embed_dim = 4, .num_heads = 2});
  layer.to(f64);
  const Variable x = random({2, 3, 4});
  check_error([&] { layer(x, x, random({2, 2, 4})); }, "got (2, 3, 4) and (2, 2, 4)");
  check_error(
      [&] {
        layer(x, x, x, {.attn_mask = ones({3, 2})});
      },
      "attn_mask of shape (3, 3), (4, 3, 3) or one that broadcasts to (2, 2, 3, 3), got (3, 2)");
  check_error(
      [&] {
        layer(x, x, x, {.key_padding_mask = ones({3, 2})});
      },
      "key_padding_mask of shape (2, 3), got (3, 2)");
}
