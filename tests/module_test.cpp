#include <algorithm>
#include <type_traits>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/nn/containers.h"
#include "heed/nn/dropout.h"
#include "heed/nn/linear.h"
#include "heed/nn/summary.h"
#include "heed/optim/sgd.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

namespace {

using Names = std::vector<std::string>;

/// One member of every kind that a module can list.
struct Net : nn::Module {
  nn::Linear in{{.in_features = 2, .out_features = 3}};
  std::vector<nn::Linear> layers = nn::repeat(
      2, [] { return nn::Linear({.in_features = 3, .out_features = 3, .bias = false}); });
  std::optional<nn::Linear> extra;
  std::unique_ptr<nn::Linear> owned;
  nn::Parameter scale{full({3}, 2)};
  nn::Buffer mean{full({3}, 0.5)};
  nn::Dropout dropout;

  Variable operator()(const Variable& x) const {  // (N, 2) -> (N, 3)
    Variable y = in(x);
    for (const nn::Linear& layer : layers) y = tanh(layer(y));
    return y * scale + linear(y, layers[0].weight) - mean;
  }
  void members(nn::MemberVisitor& visit) override {
    visit("in", in), visit("layers", layers), visit("extra", extra), visit("owned", owned);
    visit("scale", scale), visit("mean", mean), visit("dropout", dropout);
    visit("out.weight", layers[0].weight);  // tied
  }
};

Names names_of(const std::vector<NamedVariable>& parameters) {
  Names names;
  for (const auto& parameter : parameters) names.push_back(parameter.name);
  return names;
}

nn::Linear small(bool bias = true) {
  return nn::Linear({.in_features = 2, .out_features = 3, .bias = bias});
}

bool same_numbers(nn::Module& a, nn::Module& b) {
  const nn::StateDict x = a.state_dict(), y = b.state_dict();
  bool same = x.size() == y.size();
  for (size_t i = 0; same && i < x.size(); ++i)
    same = x[i].first == y[i].first && equal(x[i].second, y[i].second);
  return same;
}

}  // namespace

TEST_CASE("a parameter owns its numbers, a Variable shares them") {
  nn::Parameter a(zeros({2}));
  const Variable handle = a;
  nn::Parameter copy = a;
  a.value().fill_(1);
  CHECK(equal(handle.value(), ones({2})));
  CHECK(equal(copy.value(), zeros({2})));
  CHECK(a.requires_grad());
  CHECK(copy.requires_grad());
  CHECK(copy.node() != a.node());
  const NodeRef leaf = copy.node();
  copy = std::as_const(a);  // as modules do; the leaf stays, so an optimiser stays right
  CHECK(copy.node() == leaf);
  CHECK(equal(copy.value(), ones({2})));
  copy = nn::Parameter(zeros({3}));
  CHECK(copy.shape() == Shape{3});
  a.requires_grad_(false);
  a.set_name("a");
  const nn::Parameter frozen = a;
  CHECK(!frozen.requires_grad());
  CHECK(frozen.name() == "a");
  check_error([] { nn::Parameter p{Tensor()}; }, "Parameter: expected numbers");
  check_error([] { nn::Parameter p{zeros({2}, {.dtype = i64})}; }, "expected f32 or f64, got i64");
  nn::Buffer buffer(zeros({2})), other = buffer;
  buffer.fill_(1);
  CHECK(equal(other, zeros({2})));
  other = buffer;
  CHECK(equal(other, ones({2})));
}

TEST_CASE("parameters and buffers have dotted names, tied ones once") {
  Net net;
  CHECK(names_of(net.named_parameters()) ==
        Names{"in.weight", "in.bias", "layers.0.weight", "layers.1.weight", "scale"});
  CHECK(net.parameters().size() == 5);
  REQUIRE(net.named_buffers().size() == 1);
  CHECK(net.named_buffers()[0].first == "mean");
  net.extra = small();
  net.owned = std::make_unique<nn::Linear>(small(false));
  CHECK(names_of(net.named_parameters()) == Names{"in.weight", "in.bias", "layers.0.weight",
                                                  "layers.1.weight", "extra.weight", "extra.bias",
                                                  "owned.weight", "scale"});
  const auto members = nn::list_members(net);
  CHECK(members.front().as<nn::Module>() == &net);
  CHECK(members.back().tied_to == "layers.0.weight");
}

TEST_CASE("members refuses names twice, no names and empty parameters") {
  struct Wrong : nn::Module {
    nn::Parameter a{ones({1})}, b{ones({1})}, empty;
    nn::Buffer no_numbers;
    int kind = 0;
    void members(nn::MemberVisitor& visit) override {
      visit("a", a);
      if (kind == 0) visit("a", b);
      if (kind == 1) visit("", b);
      if (kind == 2) visit("empty", empty);
      if (kind == 3) visit("no_numbers", no_numbers);
    }
  } wrong;
  const auto list = [&](int kind) {
    return [&wrong, kind] {
      wrong.kind = kind;
      wrong.parameters();
    };
  };
  check_error(list(0), "Wrong: members lists \"a\" twice");
  check_error(list(1), "members: every member needs a name");
  check_error(list(2), "Wrong: parameter \"empty\" was never assigned");
  check_error(list(3), "Wrong: buffer \"no_numbers\" was never assigned");
}

TEST_CASE("layers built by repeat start with numbers of their own") {
  const auto layers = nn::repeat(3, [] { return small(); });
  CHECK(layers.size() == 3);
  CHECK(!equal(layers[0].weight.value(), layers[1].weight.value()));
  CHECK(nn::repeat(0, [] { return small(); }).empty());
  check_error([] { nn::repeat(-1, [] { return small(); }); }, "repeat: expected a number of");
}

TEST_CASE("copies of a module are independent") {
  nn::Sequential a(small(), nn::Tanh(), nn::Dropout());
  nn::Sequential b = a;
  CHECK(same_numbers(a, b));
  a.parameters()[0].value().fill_(7);
  CHECK(!same_numbers(a, b));
  a.eval();
  const NodeRef leaf = b.parameters()[0].node();
  b = a;
  CHECK(same_numbers(a, b));
  CHECK(!b.training);
  CHECK(b.parameters()[0].node() == leaf);
  b = nn::Sequential(small());
  CHECK(b.size() == 1);
}

TEST_CASE("training mode reaches every module") {
  nn::Sequential net(nn::Sequential(nn::Dropout()), small());
  auto& dropout = static_cast<nn::Sequential&>(net[0])[0];
  CHECK(dropout.training);
  net.eval();
  CHECK(!net.training);
  CHECK(!dropout.training);
  net.train();
  CHECK(dropout.training);
}

TEST_CASE("frozen parameters get no gradient and stay as they are") {
  nn::Linear layer = small();
  layer.freeze();
  const Variable x = Variable(ones({1, 2})).requires_grad_();
  sum(layer(x)).backward();
  CHECK(x.grad().defined());
  CHECK(!layer.weight.grad().defined());
  CHECK(!sum(layer(Variable(ones({1, 2})))).requires_grad());
  layer.unfreeze();
  sum(layer(x)).backward();
  CHECK(layer.weight.grad().defined());
  layer.zero_grad();
  CHECK(!layer.weight.grad().defined());
}

TEST_CASE("to converts parameters and floating buffers") {
  struct Counted : nn::Module {
    nn::Linear layer = small();
    nn::Buffer mean{zeros({2})}, count{zeros({}, {.dtype = i64})};
    void members(nn::MemberVisitor& visit) override {
      visit("layer", layer), visit("mean", mean), visit("count", count);
    }
  } module;
  module.layer.bias->requires_grad_(false);
  module.to(f64);
  CHECK(module.layer.weight.dtype() == f64);
  CHECK(module.layer.weight.requires_grad());
  CHECK(!module.layer.bias->requires_grad());
  CHECK(module.mean.dtype() == f64);
  CHECK(module.count.dtype() == i64);
  CHECK(module.layer(Variable(ones({1, 2}, {.dtype = f64}))).dtype() == f64);
  check_error([&] { module.to(i64); }, "to: parameters are f32 or f64, not i64");
}

TEST_CASE("an optimiser made before its module was converted says so") {
  nn::Linear layer = small(), other = small();
  optim::SGD sgd(layer.named_parameters(), {.lr = 1});
  const NodeRef leaf = layer.weight.node();
  layer.to(f64);
  CHECK(layer.weight.node() == leaf);
  sum(layer(ones({1, 2}, {.dtype = f64}))).backward();
  CHECK(layer.weight.grad().dtype() == f64);
  check_error([&] { sgd.step(); },
              "SGD: parameter \"weight\" is f64 now and was f32 when this optimiser was made: make "
              "optimisers after Module::to");
  optim::SGD late(other.named_parameters(), {.lr = 1});
  other = layer;
  CHECK(other.weight.dtype() == f64);
  check_error([&] { late.step(); }, "\"weight\" is f64 now");
}

TEST_CASE("assigning a parameter by name, which would not tie, does not compile; modules copy") {
  STATIC_REQUIRE(!std::is_assignable_v<nn::Parameter&, nn::Parameter&>);
  STATIC_REQUIRE(std::is_assignable_v<nn::Parameter&, nn::Parameter>);
  STATIC_REQUIRE(std::is_copy_assignable_v<nn::Parameter>);
  STATIC_REQUIRE(std::is_assignable_v<nn::Linear&, nn::Linear&>);
  STATIC_REQUIRE(std::is_assignable_v<std::vector<nn::Linear>&, std::vector<nn::Linear>&>);
}

TEST_CASE("errors name a parameter once its model is named") {
  Net net;
  net.name_parameters();
  CHECK(net.layers[1].weight.name() == "layers.1.weight");
  check_error([&] { net.in.weight.fill_(0); }, "this leaf (in.weight) requires a gradient");
}

TEST_CASE("a state dict moves numbers from one module to another") {
  Net a, b;
  a.mean.fill_(3);
  CHECK(!same_numbers(a, b));
  const NodeRef leaf = b.in.weight.node();
  const nn::LoadReport report = b.load_state_dict(a.state_dict());
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(same_numbers(a, b));
  CHECK(b.in.weight.node() == leaf);
  CHECK(!b.in.weight.value().shares_storage(a.in.weight.value()));
  CHECK(a.state_dict()[0].second.shares_storage(a.in.weight.value()));
}

TEST_CASE("a wrong state dict is told whole and changes nothing") {
  nn::Linear layer = small(), before = layer;
  nn::StateDict state{{"weight", zeros({3, 3})}, {"bogus", zeros({1})}};
  for (const char* part :
       {"load_state_dict: Error(s) in loading state_dict for Linear:\n",
        "\n  missing key(s) in state_dict: \"bias\"\n",
        "\n  unexpected key(s) in state_dict: \"bogus\"\n",
        "\n  size mismatch: shape (3, 3) in state_dict, (3, 2) in current model: \"weight\""})
    check_error([&] { layer.load_state_dict(state); }, part);
  check_error([&] { layer.load_state_dict(state, false); }, "size mismatch");
  state = {{"weight", zeros({3, 2}, {.dtype = i64})}, {"bias", zeros({3}, {.dtype = i64})}};
  check_error([&] { layer.load_state_dict(state); },
              ":\n  dtype mismatch: i64 in state_dict, f32 in current model: \"weight\", \"bias\"");
  state[1].second = Tensor();
  check_error([&] { layer.load_state_dict(state); }, "\n  empty Tensor in state_dict: \"bias\"");
  state = {{"weight", zeros({3, 2})}, {"bias", zeros({3})}, {"weight", zeros({3, 2})}};
  check_error([&] { layer.load_state_dict(state); }, "twice in state_dict: \"weight\"");
  CHECK(same_numbers(layer, before));
}

TEST_CASE("a state dict's floating numbers take the module's dtype") {
  nn::Linear single = small(), twice = small();
  twice.to(f64);
  twice.load_state_dict(single.state_dict());
  CHECK(twice.weight.dtype() == f64);
  CHECK(equal(twice.weight.value(), to(single.weight.value(), f64)));
  single.weight.value().fill_(0);
  single.load_state_dict(twice.state_dict());
  CHECK(single.weight.dtype() == f32);
  CHECK(equal(to(single.weight.value(), f64), twice.weight.value()));
}

TEST_CASE("a state dict that is not strict reports what is missing and left over") {
  nn::Linear layer = small();
  const auto report = layer.load_state_dict({{"weight", ones({3, 2})}, {"x", ones({1})}}, false);
  CHECK(report.missing == Names{"bias"});
  CHECK(report.unexpected == Names{"x"});
  CHECK(equal(layer.weight.value(), ones({3, 2})));
}

TEST_CASE("tied weights load under either name, and must agree under both") {
  Net net;
  nn::StateDict state = net.state_dict();
  REQUIRE(state[2].first == "layers.0.weight");
  state[2] = {"out.weight", ones({3, 3})};
  net.load_state_dict(state);
  CHECK(equal(net.layers[0].weight.value(), ones({3, 3})));
  state.emplace_back("layers.0.weight", zeros({3, 3}));
  check_error([&] { net.load_state_dict(state); },
              "tied to out.weight, but different in state_dict: \"layers.0.weight\"");
  state.back().second = ones({3, 3}, {.dtype = f64});
  net.load_state_dict(state);
}

TEST_CASE("a sequential names its layers by place") {
  nn::Sequential net(small(), nn::ReLU());
  net.push_back(nn::Linear({.in_features = 3, .out_features = 1}));
  CHECK(names_of(net.named_parameters()) == Names{"0.weight", "0.bias", "2.weight", "2.bias"});
  const Variable x(ones({4, 2}));
  CHECK(net(x).shape() == Shape{4, 1});
  CHECK(net.size() == 3);
  CHECK(dynamic_cast<nn::ReLU*>(&net[1]));
  CHECK(nn::Sequential()(x).value().shares_storage(x.value()));
  check_error([&] { net[3]; }, "Sequential: there is no layer 3 of 3");
}

TEST_CASE("a leaf that a module does not list is found") {
  Net net;
  const Variable x(ones({4, 2}));
  CHECK(nn::unlisted_leaves(net, sum(net(x))).empty());
  const Variable forgotten = Variable(ones({5})).requires_grad_();
  const nn::Linear other = small();
  other.weight.set_name("other.weight");
  const Variable loss = sum(net(x)) + sum(forgotten) + sum(linear(x, other.weight));
  const Names found = nn::unlisted_leaves(net, loss);
  CHECK(found.size() == 2);
  CHECK(std::count(found.begin(), found.end(), "leaf of shape (5,)") == 1);
  CHECK(std::count(found.begin(), found.end(), "\"other.weight\" of shape (3, 2)") == 1);
  CHECK(nn::unlisted_leaves(net, x).empty());
}

TEST_CASE("a summary shows shapes and counts tied weights once") {
  Net net;
  net.layers[1].freeze();
  CHECK("\n" + nn::summary(net) == R"(
name             type               shape   parameters
(model)          Net
in               Linear
in.weight        parameter          (3, 2)           6
in.bias          parameter          (3,)             3
layers.0         Linear
layers.0.weight  parameter          (3, 3)           9
layers.1         Linear
layers.1.weight  frozen             (3, 3)           9
scale            parameter          (3,)             3
mean             buffer             (3,)
dropout          Dropout
out.weight       = layers.0.weight  (3, 3)
30 parameters, 21 trainable, 120 bytes
)");
  nn::Linear large({.in_features = 1000, .out_features = 1234, .bias = false});
  CHECK(nn::summary(large).find("1,234,000 parameters, 1,234,000 trainable, 4,936,000 bytes") !=
        std::string::npos);
  CHECK(nn::count_parameters(net).trainable == 21);
  CHECK(nn::type_name(large) == "Linear");
}

TEST_CASE("restoring a snapshot leaves the optimiser right") {
  nn::Sequential net(small(), nn::Tanh());
  optim::SGD sgd(net.named_parameters(), {.lr = 1});
  const nn::Sequential best = net;
  const Variable x(ones({1, 2}));
  const auto step = [&] {
    sgd.zero_grad();
    sum(net(x)).backward();
    sgd.step();
  };
  step();
  net = best;
  const Tensor before = net.parameters()[0].value() * 1;
  step();
  CHECK(!equal(net.parameters()[0].value(), before));
}
