#include <cmath>

#include "heed/autograd/gradcheck.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/matmul.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/nn/containers.h"
#include "heed/nn/dropout.h"
#include "heed/nn/embedding.h"
#include "heed/nn/init.h"
#include "heed/nn/layer_norm.h"
#include "heed/nn/linear.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;
namespace init = nn::init;

namespace {

double variance(const Tensor& x) { return var(x, {}, {.correction = 0}).item(); }

/// Smallest and largest lie inside [-bound, bound], and near its ends.
void check_uniform(const Tensor& x, double exact_bound) {
  const double bound = float(exact_bound);  // as the numbers are rounded
  CHECK(max(x).item() <= bound);
  CHECK(max(x).item() > 0.98 * bound);
  CHECK(min(x).item() >= -bound);
  CHECK(min(x).item() < -0.98 * bound);
  CHECK(variance(x) == Approx(bound * bound / 3).epsilon(0.05));
}

/// Gradients of a layer's parameters and input, first and second order.
template <class L>
void check_gradients(L layer, const Tensor& x) {
  layer.to(f64);
  std::vector<Variable> inputs = layer.parameters();
  inputs.push_back(Variable(x).requires_grad_());
  const auto result = gradcheck(
      [&](std::span<const Variable> in) { return std::vector<Variable>{layer(in.back())}; }, inputs,
      {.second_order = true});
  INFO(result.message);
  CHECK(result.ok);
}

}  // namespace

TEST_CASE("linear computes x W^T + b for any leading shape") {
  nn::Linear layer({.in_features = 3, .out_features = 2});
  layer.weight.value().copy_(tensor({{1.0, 2.0, 3.0}, {0.0, -1.0, 0.5}}));
  layer.bias->value().copy_(tensor({10.0, 20.0}));
  const Tensor x = tensor({1.0, 1.0, 2.0});
  CHECK(values(layer(x).value()) == Values{19, 20});
  CHECK(values(layer(reshape(x, {1, 1, 3})).value()) == Values{19, 20});
  const nn::Linear plain({.in_features = 3, .out_features = 2, .bias = false});
  CHECK(!plain.bias);
  CHECK(plain(Variable(zeros({5, 3}))).shape() == Shape{5, 2});
  check_gradients(layer, randn({4, 3}, {.dtype = f64}));
  check_error([] { nn::Linear({.out_features = 2}); }, "Linear: in_features must be at least 1");
  check_error([] { nn::Linear({.in_features = 2}); }, "Linear: out_features must be at least 1");
  check_error([&] { layer(Variable(zeros({5, 4}))); }, "(5, 4)");
  check_error([&] { layer(Variable(zeros({5, 3}, {.dtype = f64}))); }, "f64");
}

TEST_CASE("linear starts as PyTorch's") {
  const nn::Linear layer({.in_features = 400, .out_features = 300});
  check_uniform(layer.weight.value(), 0.05);
  CHECK(layer.weight.shape() == Shape{300, 400});
  CHECK(max(abs(layer.bias->value())).item() <= 0.05);
  CHECK(max(abs(layer.bias->value())).item() > 0.045);
}

TEST_CASE("embedding reads rows and leaves padding alone") {
  nn::Embedding table({.num_embeddings = 5, .embedding_dim = 3, .padding_idx = 1});
  const Tensor ids = tensor({{0, 1}, {4, 0}});
  const Variable rows = table(ids);
  CHECK(rows.shape() == Shape{2, 2, 3});
  CHECK(equal(rows.value()[1][0], table.weight.value()[4]));
  CHECK(values(table.weight.value()[1]) == Values{0, 0, 0});
  rows.backward(Variable(ones({2, 2, 3})));
  CHECK(values(select(table.weight.grad().value(), 1, 0)) == Values{2, 0, 0, 0, 1});
  nn::Embedding last({.num_embeddings = 5, .embedding_dim = 3, .padding_idx = -1});
  CHECK(last.padding_idx == 4);
  const nn::Embedding large({.num_embeddings = 100, .embedding_dim = 200});
  CHECK(mean(large.weight.value()).item() == Approx(0).margin(0.03));
  CHECK(variance(large.weight.value()) == Approx(1).epsilon(0.03));
  check_error([] { nn::Embedding({.embedding_dim = 3}); }, "num_embeddings must be at least 1");
  check_error([] { nn::Embedding({.num_embeddings = 3}); }, "embedding_dim must be at least 1");
  check_error([] { nn::Embedding({.num_embeddings = 2, .embedding_dim = 1, .padding_idx = 2}); },
              "Embedding: padding_idx 2 is outside the table of 2 rows");
  check_error([&] { table(tensor({5})); }, "embedding: ");
}

TEST_CASE("dropout works in training only and keeps the expectation") {
  nn::Dropout dropout({.p = 0.25});
  const Variable x(ones({100, 1000}));
  const Tensor y = dropout(x).value();
  CHECK(mean(y).item() == Approx(1).epsilon(0.01));
  CHECK(max(y).item() == Approx(1 / 0.75));
  CHECK(mean(to(eq(y, 0), f32)).item() == Approx(0.25).epsilon(0.02));
  dropout.eval();
  CHECK(dropout(x).value().shares_storage(x.value()));
  CHECK(max(nn::Dropout({.p = 1})(x).value()).item() == 0);
  check_error([] { nn::Dropout({.p = 1.5}); }, "Dropout: p must lie in [0, 1], got 1.5");
  check_error([] { nn::Dropout({.p = -0.1}); }, "Dropout: p must lie in [0, 1]");
  check_error([] { nn::Dropout({.p = std::nan("")}); }, "Dropout: p must lie in [0, 1], got nan");
}

TEST_CASE("layer norm over the last dimensions equals PyTorch") {
  nn::LayerNorm norm({.normalized_shape = {2, 3}, .eps = 1e-3});
  norm.to(f64);
  const Tensor six = reshape(arange(0, 6, 1, {.dtype = f64}), {2, 3});
  norm.weight->value().copy_(six / 4 + 0.5);
  norm.bias->value().copy_(six / 10);
  const Tensor x = cos(reshape(arange(0, 12, 1, {.dtype = f64}), {2, 2, 3}));
  const Values expected{0.7411457952662519,  0.7199906003889638,  -0.33746818214465085,
                        -1.3948844888780014, -0.9142920122783882, 1.3060932665009963,
                        0.6944707048555999,  0.9246001231529143,  0.037254283152472395,
                        -1.2465297975780447, -1.3041459550083785, 0.5834025809174787};
  CHECK(allclose(norm(x).value(), from_values(expected, {2, 2, 3}), 1e-13, 1e-14));
  check_gradients(norm, x);
  nn::LayerNorm flat({.normalized_shape = {3}});
  CHECK(values(flat.weight->value()) == Values{1, 1, 1});
  CHECK(values(flat.bias->value()) == Values{0, 0, 0});
  check_gradients(flat, x);
  nn::LayerNorm plain({.normalized_shape = {3}, .elementwise_affine = false});
  CHECK(plain.parameters().empty());
  CHECK(mean(plain(x).value()).item() == Approx(0).margin(1e-12));
  nn::LayerNorm unbiased({.normalized_shape = {3}, .bias = false});
  CHECK(unbiased.parameters().size() == 1);
}

TEST_CASE("layer norm refuses wrong shapes") {
  check_error([] { nn::LayerNorm({}); }, "LayerNorm: normalized_shape must have a dimension");
  check_error([] { nn::LayerNorm({.normalized_shape = {2, 0}}); }, "at least 1, got (2, 0)");
  check_error([] { nn::LayerNorm({.normalized_shape = {2}, .eps = 0}); }, "eps must be in (0, 1)");
  check_error(
      [] {
        nn::LayerNorm({3, 4});
      },
      "eps must be in (0, 1), got 4; several sizes are {.normalized_shape = {3, 4}}");
  const nn::LayerNorm norm({.normalized_shape = {2, 3}});
  check_error(
      [&] {
        norm(Variable(zeros({3, 2})));
      },
      "LayerNorm: expected the last dimensions to be (2, 3), got (3, 2)");
  check_error([&] { norm(Variable(zeros({3}))); }, "got (3,)");
}

TEST_CASE("activations are layers") {
  const Variable x(tensor({-1.0, 2.0}));
  CHECK(equal(nn::Tanh()(x).value(), tanh(x.value())));
  CHECK(equal(nn::ReLU()(x).value(), relu(x.value())));
  CHECK(equal(nn::Sigmoid()(x).value(), sigmoid(x.value())));
  CHECK(equal(nn::GELU()(x).value(), gelu(x.value())));
  CHECK(equal(nn::GELU(GeluForm::tanh)(x).value(), gelu(x.value(), GeluForm::tanh)));
}

TEST_CASE("a sequential may start with an embedding") {
  nn::Sequential net(nn::Embedding({.num_embeddings = 5, .embedding_dim = 3}),
                     nn::Linear({.in_features = 3, .out_features = 2}));
  CHECK(net(tensor({1, 4})).shape() == Shape{2, 2});
}

TEST_CASE("init functions fill with the distributions of their papers") {
  const Variable w(zeros({300, 500})), kernel(zeros({200, 30, 5}));
  init::uniform_(w, -2, 2);
  check_uniform(w.value(), 2);
  init::normal_(w, 3, 0.5);
  CHECK(mean(w.value()).item() == Approx(3).epsilon(0.01));
  CHECK(variance(w.value()) == Approx(0.25).epsilon(0.02));
  init::xavier_uniform_(w, {.gain = 2});
  check_uniform(w.value(), 2 * std::sqrt(6.0 / 800));
  init::xavier_uniform_(kernel);
  check_uniform(kernel.value(), std::sqrt(6.0 / (150 + 1000)));
  init::xavier_normal_(w);
  CHECK(variance(w.value()) == Approx(2.0 / 800).epsilon(0.02));
  init::kaiming_uniform_(w);
  check_uniform(w.value(), std::sqrt(6.0 / 500));
  init::kaiming_uniform_(w, {.a = std::sqrt(5.0)});  // what Linear uses
  check_uniform(w.value(), 1 / std::sqrt(500.0));
  init::kaiming_normal_(w, {.mode = init::Fan::out});
  CHECK(variance(w.value()) == Approx(2.0 / 300).epsilon(0.02));
  init::ones_(w);
  CHECK(min(w.value()).item() == 1);
  init::constant_(w, -0.5);
  CHECK(max(w.value()).item() == -0.5);
  init::zeros_(w);
  CHECK(max(w.value()).item() == 0);
  check_error([] { init::xavier_uniform_(zeros({3})); },
              "xavier_uniform_: a weight needs at least");
  check_error([] { init::kaiming_normal_(zeros({})); }, "kaiming_normal_: a weight needs at least");
  check_error([] { init::orthogonal_(zeros({3})); }, "orthogonal_: a weight needs at least 2");
}

TEST_CASE("orthogonal matrices have orthonormal rows or columns") {
  for (const Shape& shape : {Shape{20, 30}, Shape{30, 20}, Shape{25, 25}, Shape{4, 2, 3}}) {
    const Variable w(zeros(shape, {.dtype = f64}));
    init::orthogonal_(w, {.gain = 3});
    Tensor matrix = flatten(w.value(), 1);
    if (matrix.size(0) > matrix.size(1)) matrix = transpose(matrix, 0, 1);
    const Tensor product = matmul(matrix, transpose(matrix, 0, 1));
    CHECK(allclose(product, eye(matrix.size(0), {.dtype = f64}) * 9, 0, 1e-13));
  }
  const NoDraws off;
  const Variable w(ones({3, 4}));
  init::orthogonal_(w);
  CHECK(equal(w.value(), zeros({3, 4})));
}

TEST_CASE("init functions draw from the generator given") {
  const Variable a(zeros({5, 5})), b(zeros({5, 5}));
  Generator first(7), second(7);
  init::kaiming_uniform_(a, {.generator = &first});
  init::kaiming_uniform_(b, {.generator = &second});
  CHECK(equal(a.value(), b.value()));
  manual_seed(3);
  const nn::Linear x({.in_features = 2, .out_features = 2});
  manual_seed(3);
  const nn::Linear y({.in_features = 2, .out_features = 2});
  CHECK(equal(x.weight.value(), y.weight.value()));
}
