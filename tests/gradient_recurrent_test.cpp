// The fused recurrent ops and the additive attention step: against their definitions in primitive
// ops (values and gradients), against differences (first and second order), for any thread count.
#include "heed/autograd/attention.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/gradcheck.h"
#include "heed/autograd/recurrent.h"
#include "heed/autograd/recurrent_definition.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

namespace {

constexpr RecurrentKind kinds[] = {RecurrentKind::rnn_tanh, RecurrentKind::rnn_relu,
                                   RecurrentKind::gru, RecurrentKind::lstm};

Variable leaf(const Shape& shape, DType dtype = f64) {
  return Variable(randn(shape, {.dtype = dtype}) * 0.6).requires_grad_();
}

struct Problem {
  RecurrentKind kind;
  bool lstm = kind == RecurrentKind::lstm;
  DType dtype = f64;
  int64_t batch = 3, steps = 4, inputs = 5, hidden = 3;
  int64_t width = gate_count(kind) * hidden;
  Variable x = leaf({batch, steps, inputs}, dtype), h = leaf({batch, hidden}, dtype),
           c = lstm ? leaf({batch, hidden}, dtype) : Variable();
  RecurrentWeights w{leaf({width, inputs}, dtype), leaf({width, hidden}, dtype),
                     leaf({width}, dtype), leaf({width}, dtype)};

  std::vector<Variable> leaves() const {
    std::vector<Variable> all{x, h, w.w_ih, w.w_hh, w.b_ih, w.b_hh};
    if (lstm) all.push_back(c);
    return all;
  }
  static std::vector<Variable> list(const RecurrentResult& r) {
    if (r.c_n.defined()) return {r.output, r.h_n, r.c_n};
    return {r.output, r.h_n};
  }
  VariableFunction walk(const Tensor& lengths, bool reverse) const {
    return [=, *this](std::span<const Variable> in) {
      const RecurrentWeights weights{in[2], in[3], in[4], in[5]};
      const Variable cell = lstm ? in[6] : Variable();
      return list(recurrent(kind, in[0], in[1], cell, weights, lengths, reverse));
    };
  }
};

void check(const GradcheckResult& result) {
  INFO(result.message);
  CHECK(result.ok);
}

/// Values and gradients of a function with and without fused kernels.
void check_fused(const VariableFunction& function, const std::vector<Variable>& leaves,
                 double tolerance) {
  std::vector<std::vector<Tensor>> found;
  for (bool on : {true, false}) {
    set_fused(on);
    const auto outputs = function(leaves);
    std::vector<Variable> weights;
    std::vector<Tensor> all;
    for (const Variable& y : outputs) {
      all.push_back(y.value());
      weights.push_back(Variable(linspace(-1, 2, y.numel(), {.dtype = y.dtype()})));
      weights.back() = Variable(reshape(weights.back().value(), y.shape()));
    }
    for (const Variable& g : grad(outputs, leaves, {}, weights)) all.push_back(g.value());
    found.push_back(all);
  }
  set_fused(true);
  for (size_t i = 0; i < found[0].size(); ++i) {
    INFO("value or gradient " << i);
    CHECK(allclose(found[0][i], found[1][i], tolerance, tolerance));
  }
}

}  // namespace

TEST_CASE("recurrent equals its definition and its differences", "[recurrent]") {
  manual_seed(1);
  for (RecurrentKind kind : kinds)
    for (bool reverse : {false, true})
      for (const Tensor& lengths : {Tensor(), from_values(std::vector<int64_t>{4, 0, 2}, {3})}) {
        INFO(recurrent_name(kind) << " reverse " << reverse << " lengths " << lengths.defined());
        const Problem p{kind};
        check_fused(p.walk(lengths, reverse), p.leaves(), 1e-12);
        check(gradcheck(p.walk(lengths, reverse), p.leaves(), {.second_order = true}));
      }
}

TEST_CASE("recurrent has no scalar tail to go wrong in", "[recurrent]") {
  manual_seed(2);
  for (int64_t hidden : {1, 15, 16, 17, 33}) {
    Problem p{.kind = RecurrentKind::lstm, .dtype = f32, .batch = 37, .hidden = hidden};
    check_fused(p.walk({}, false), p.leaves(), 2e-5);
  }
}

TEST_CASE("recurrent: padded steps change nothing", "[recurrent]") {
  manual_seed(3);
  for (RecurrentKind kind : kinds) {
    const Problem p{kind};
    const Tensor lengths = from_values(std::vector<int64_t>{2, 2, 2}, {3});
    const auto padded = recurrent(kind, p.x, p.h, p.c, p.w, lengths);
    const auto cut = recurrent(kind, Variable(slice(p.x.value(), 1, 0, 2)), p.h, p.c, p.w);
    CHECK(equal(padded.h_n.value(), cut.h_n.value()));
    CHECK(equal(slice(padded.output.value(), 1, 0, 2), cut.output.value()));
    CHECK(allclose(slice(padded.output.value(), 1, 2), zeros({3, 2, 3}, {.dtype = f64})));
  }
}

TEST_CASE("recurrent gives the same bits for any number of threads", "[recurrent][threads]") {
  manual_seed(4);
  const Problem p{.kind = RecurrentKind::gru, .dtype = f32, .batch = 50, .hidden = 40};
  std::vector<std::vector<Tensor>> found;
  for (int threads : {1, 2, 3}) {
    set_num_threads(threads);
    const auto outputs = p.walk({}, false)(p.leaves());
    std::vector<Tensor> all{outputs[0].value()};
    const std::vector<Variable> ones{Variable(ones_like(outputs[0].value()))};
    for (const Variable& g : grad(std::span(outputs).first(1), p.leaves(), {}, ones))
      all.push_back(g.value());
    found.push_back(all);
  }
  set_num_threads(0);
  for (size_t i = 0; i < found[0].size(); ++i)
    CHECK((equal(found[0][i], found[1][i]) && equal(found[0][i], found[2][i])));
}

TEST_CASE("recurrent cells equal their definitions and their differences", "[recurrent]") {
  manual_seed(5);
  const auto cell_test = [](RecurrentKind kind) {
    const Problem p{kind};
    std::vector<Variable> leaves = p.leaves();
    leaves[0] = leaf({p.batch, p.inputs});
    const VariableFunction step = [=](std::span<const Variable> in) -> std::vector<Variable> {
      const RecurrentWeights w{in[2], in[3], in[4], in[5]};
      if (kind == RecurrentKind::gru) return {gru_cell(in[0], in[1], w)};
      if (kind != RecurrentKind::lstm) return {rnn_cell(kind, in[0], in[1], w)};
      const LstmState next = lstm_cell(in[0], in[1], in[6], w);
      return {next.h, next.c};
    };
    check_fused(step, leaves, 1e-12);
    check(gradcheck(step, leaves, {.second_order = true}));
  };
  SECTION("lstm_cell") { cell_test(RecurrentKind::lstm); }
  SECTION("gru_cell") { cell_test(RecurrentKind::gru); }
  SECTION("rnn_cell") {
    cell_test(RecurrentKind::rnn_tanh);
    cell_test(RecurrentKind::rnn_relu);
  }
}

TEST_CASE("recurrent refuses what does not fit", "[recurrent]") {
  const Problem p{RecurrentKind::lstm};
  const auto run = [&](const Variable& x, const Variable& h, const Tensor& lengths) {
    return [=] { recurrent(p.kind, x, h, p.c, p.w, lengths); };
  };
  check_error(run(leaf({3, 5}), p.h, {}), "lstm: expected an input (B, T, I), got (3, 5)");
  check_error(run(leaf({3, 4, 6}), p.h, {}), "lstm: w_ih should be (12, 6)");
  check_error(run(p.x, leaf({2, 3}), {}), "lstm: h_0 should have shape (3, 3), got (2, 3)");
  check_error(run(p.x, p.h, from_values(std::vector<int64_t>{1, 5, 2}, {3})), "lengths[1] is 5");
  check_error(run(p.x, p.h, from_values(std::vector<int64_t>{1, 2}, {2})), "lengths should be");
}

TEST_CASE("additive_attention equals its definition and its differences", "[attention]") {
  manual_seed(6);
  const Tensor mask = from_values(std::vector<uint8_t>{1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0},
                                  {3, 4});  // the last row: nothing
  for (const Tensor& m : {Tensor(), mask}) {
    const std::vector<Variable> leaves{leaf({3, 5}), leaf({3, 4, 5}), leaf({3, 4, 6}), leaf({5})};
    const VariableFunction step = [=](std::span<const Variable> in) -> std::vector<Variable> {
      const auto out = additive_attention(in[0], in[1], in[2], in[3], m);
      return {out.context, out.weights};
    };
    check_fused(step, leaves, 1e-12);
    check(gradcheck(step, leaves, {.second_order = true}));
    if (!m.defined()) continue;
    const auto out = step(leaves);
    CHECK(allclose(out[0].value()[2], zeros({6}, {.dtype = f64})));
    CHECK(allclose(out[1].value()[2], zeros({4}, {.dtype = f64})));
  }
}

TEST_CASE("additive_attention watches its mask where its definition reads it", "[attention]") {
  const Variable q = leaf({1, 2}), k = leaf({1, 3, 2}), x = leaf({1, 3, 2}), v = leaf({2});
  const Tensor mask = tensor({{1, 1, 0}}, {.dtype = u8});
  const Variable context = additive_attention(q, k, x, v, mask).context;
  mask.fill_(1);
  check_error([&] { grad(sum(context), {q}, {.create_graph = true}); },
              "was changed in place after it was used");
}

TEST_CASE("additive_attention refuses what does not fit", "[attention]") {
  const Variable q = leaf({3, 5}), k = leaf({3, 4, 5}), x = leaf({3, 4, 6}), v = leaf({5});
  check_error([&] { additive_attention(leaf({3, 4}), k, x, v); }, "keys should be (3, 4, 4)");
  check_error([&] { additive_attention(q, k, leaf({3, 5, 6}), v); }, "values should be (3, 4, D)");
  check_error([&] { additive_attention(q, k, x, leaf({6})); }, "v should be (5,)");
  check_error([&] { additive_attention(q, k, x, v, zeros({3, 4})); }, "the mask should be u8");
}
