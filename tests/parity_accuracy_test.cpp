// How many parity cases there are, and f32 against f64 at the sizes at which PyTorch was measured.
#include <cmath>
#include <filesystem>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/core/norm.h"
#include "heed/core/random.h"
#include "heed/nn/layer_norm.h"
#include "heed/nn/multihead_attention.h"
#include "tests/bars.h"
#include "tests/catch.h"
#include "tests/parity.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// Op, attributes, and of the inputs' shapes only which sizes are 0, 1 or more.
std::string signature(const JsonReader& stored) {
  std::string text = stored.at("op").as_string();
  if (const auto attributes = stored.find("attributes")) text += attributes->json().dump();
  for (const JsonReader& input : stored.at("inputs").elements()) {
    text += " " + input.at("dtype").as_string() + ":";
    for (const JsonReader& size : input.at("shape").elements())
      text += size.as_int() > 1 ? "n" : std::to_string(size.as_int());
  }
  return text;
}

Tensor normal_f64(const Shape& shape) { return to(randn(shape), f64); }  // exact in f32

void check(const Bar& bar, const Tensor& got, const Tensor& right) {
  const double error = error_of(bar.measure, got, right);
  CHECK(error <= bar.limit);
}

/// f(x...) in f32 against f64.
template <class F, class... T>
void check_f32(const Bar& bar, F f, const T&... x) {
  check(bar, f(to(x, f32)...), f(x...));
}

}  // namespace

TEST_CASE("at least 200 parity cases differ in more than numbers") {
  std::set<std::string> with_gradients, all;
  for (const auto& entry : std::filesystem::directory_iterator(test_data("data/parity"))) {
    const Json file = parity_cases(entry.path().stem());
    for (const JsonReader& stored : JsonReader(file, entry.path()).at("cases").elements()) {
      all.insert(signature(stored));
      if (stored.find("gradients")) with_gradients.insert(signature(stored));
    }
  }
  CHECK(with_gradients.size() >= 200);
  CHECK(all.size() >= with_gradients.size());
}

TEST_CASE("f32 accuracy: reductions of a million numbers") {
  manual_seed(1);
  const Tensor x = normal_f64({1000, 1000});
  check_f32(
      bars::sum_of_a_million, [](const Tensor& x) { return sum(x) / sum(abs(x)); }, x);
  check_f32(
      bars::mean_of_a_million, [](const Tensor& x) { return mean(abs(x)); }, x);
  check_f32(
      bars::mean_of_a_million, [](const Tensor& x) { return var(x); }, x);
  check_f32(
      bars::mean_of_a_million, [](const Tensor& x) { return norm(x); }, x);
  check_f32(
      bars::logsumexp_1000, [](const Tensor& x) { return logsumexp(x, {1}); }, x);
}

TEST_CASE("f32 accuracy: products, softmax and layer_norm") {
  manual_seed(2);
  const auto product = [](const Tensor& a, const Tensor& b) { return matmul(a, b); };
  check_f32(bars::matmul_512, product, normal_f64({64, 512}), normal_f64({512, 64}));
  const Tensor x = normal_f64({64, 1000});
  check_f32(
      bars::softmax_1000, [](const Tensor& x) { return softmax(x, 1); }, x);
  check_f32(
      bars::log_softmax_1000, [](const Tensor& x) { return log_softmax(x, 1); }, x);
  check_f32(
      bars::layer_norm_1000, [](const Tensor& x) { return layer_norm(x, {}, {}).y; }, x);
  check(bars::softmax_row_sum, sum(softmax(to(x, f32), 1), {1}), ones({64}, {.dtype = f64}));
  const auto attention = [](const Tensor& q, const Tensor& k, const Tensor& v) {
    return matmul(softmax(matmul(q, transpose(k, 0, 1)) / std::sqrt(32.0), 1), v);
  };
  const Shape shape{64, 32};
  check_f32(bars::attention_64_32, attention, normal_f64(shape), normal_f64(shape),
            normal_f64(shape));
}

namespace {

/// A layer of a transformer: attention and a feed-forward network, each after a norm.
struct Layer : nn::Module {
  nn::LayerNorm norm1{{.normalized_shape = {64}}}, norm2{{.normalized_shape = {64}}};
  nn::MultiheadAttention attention{{.embed_dim = 64, .num_heads = 4}};
  nn::Linear up{{64, 256}}, down{{256, 64}};

  Variable operator()(const Variable& x) const {
    const Variable y = norm1(x), z = x + attention(y, y, y).output;
    return z + down(gelu(up(norm2(z))));
  }
  void members(nn::MemberVisitor& visit) override {
    visit("norm1", norm1);
    visit("norm2", norm2);
    visit("attention", attention);
    visit("up", up);
    visit("down", down);
  }
};

/// The gradients of all parameters, one behind the other.
Tensor gradient(Layer layer, const Tensor& x, const Tensor& weights) {
  layer.to(x.dtype());
  layer(x).backward(weights);
  std::vector<Tensor> all;
  for (const Variable& p : layer.parameters()) all.push_back(flatten(p.grad().value()));
  return cat(all);
}

}  // namespace

TEST_CASE("f32 accuracy: the gradient of a transformer layer") {
  manual_seed(3);
  const Layer layer;
  const auto f = [&](const Tensor& x, const Tensor& weights) {
    return gradient(layer, x, weights);
  };
  check_f32(bars::transformer_gradient, f, normal_f64({2, 16, 64}), normal_f64({2, 16, 64}));
}
