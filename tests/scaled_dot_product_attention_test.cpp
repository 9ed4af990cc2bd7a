// The fused attention against its definition in primitive ops. Sizes are such that tiles of queries
// and keys are cut, and none of them is whole.
#include "heed/autograd/scaled_dot_product_attention.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/shape.h"
#include "tests/attention_problem.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::attention_tests;

namespace {

struct Kind {
  const char* name;
  ScaledDotProductOptions options;
};

/// Every kind of mask, and mixtures.
std::vector<Kind> kinds(const Sizes& n, DType dtype) {
  const Tensor boolean = gt(rand(n.scores()), 0.3);
  const Tensor padding = ones({n.batch, 1, 1, n.keys}, {.dtype = u8});
  narrow(padding[0], 2, n.keys - 3, 3).fill_(0);
  narrow(padding[n.batch - 1], 2, n.keys / 3, n.keys - n.keys / 3).fill_(0);
  const Tensor rows = gt(rand({n.queries, n.keys}), 0.5);
  rows[0].fill_(0);
  rows[n.queries - 1].fill_(0);
  const Variable bias = Problem::leaf({n.heads, n.queries, n.keys}, dtype);
  const Tensor infinite = randn({n.queries, n.keys}, {.dtype = dtype});
  infinite[n.queries / 2].fill_(-INFINITY);
  const int64_t past = n.keys - n.queries;
  return {
      {"none", {}},
      {"scale", {.scale = -0.3}},
      {"causal", {.is_causal = true}},
      {"causal with a past", {.is_causal = true, .past = past}},
      {"boolean", {.mask = boolean}},
      {"rows without keys", {.mask = rows}},
      {"padding", {.mask = padding}},
      {"bias", {.bias = bias}},
      {"bias for each key", {.bias = Problem::leaf({n.keys}, dtype)}},
      {"bias for each query", {.bias = Problem::leaf({n.batch, 1, n.queries, 1}, dtype)}},
      {"infinite bias", {.bias = Variable(infinite).requires_grad_()}},
      {"dropout", {.dropout_p = 0.25}},
      {"everything",
       {.mask = padding, .bias = bias, .is_causal = true, .past = past, .dropout_p = 0.1}},
  };
}

}  // namespace

TEST_CASE("the fused attention is its definition, for every mask, dtype and number of heads") {
  for (const DType dtype : {heed::f64, heed::f32}) {
    for (const Sizes& n :
         {Sizes{}, Sizes{.key_heads = 4, .queries = 33, .keys = 33, .depth = 16, .width = 16},
          Sizes{.key_heads = 1, .queries = 1}, Sizes{.queries = 3, .keys = 90, .depth = 33}}) {
      manual_seed(1);
      const Problem p(n, dtype);
      for (const Kind& kind : kinds(n, dtype)) {
        INFO(kind.name << ", " << dtype_name(dtype) << ", " << text(n.scores()));
        const FusedScope fused(true);
        const auto got = run(p.x, kind.options);
        const FusedScope defined(false);
        const auto want = run(p.x, kind.options);
        CHECK(all_finite(got));
        check_close(got, want, dtype == heed::f64 ? 1e-13 : 5e-6);
      }
    }
  }
}

TEST_CASE("the fused attention gives the same bits for any number of threads") {
  manual_seed(2);
  for (const Sizes& n : {Sizes{}, Sizes{.batch = 1, .key_heads = 1, .queries = 30, .keys = 2100},
                         Sizes{.queries = 1}}) {
    const Problem p(n, heed::f32);
    for (const Kind& kind : kinds(n, heed::f32))
      for (size_t i = 0; i < (kind.options.bias.requires_grad() ? 5u : 4u); ++i)
        check_threads([&] { return run(p.x, kind.options)[i]; });
  }
}

TEST_CASE("the fused attention reads heads where they lie and gives them back so") {
  const FusedScope scope(true);
  manual_seed(3);
  const int64_t batch = 2, steps = 67, heads = 2, depth = 16;
  Variable qkv = Problem::leaf({batch, steps, 3 * heads * depth}, heed::f32);
  const auto heads_of = [&](const Variable& x) {
    return transpose(reshape(x, {batch, steps, heads, depth}), 1, 2);
  };
  const auto parts = split(qkv, {heads * depth, heads * depth, heads * depth}, 2);
  const Variable y = scaled_dot_product_attention(heads_of(parts[0]), heads_of(parts[1]),
                                                  heads_of(parts[2]), {.is_causal = true});
  CHECK(transpose(y.value(), 1, 2).is_contiguous());
  std::vector<Variable> dense;
  for (const Variable& part : parts)
    dense.push_back(Variable(clone(heads_of(part).value())).requires_grad_());
  const Variable z =
      scaled_dot_product_attention(dense[0], dense[1], dense[2], {.is_causal = true});
  CHECK(same_bits(y.value(), z.value()));
  sum(square(y)).backward();
  sum(square(z)).backward();
  for (int64_t i = 0; i < 3; ++i) {
    const Tensor part = narrow(qkv.grad().value(), 2, i * heads * depth, heads * depth);
    CHECK(same_bits(transpose(reshape(part, {batch, steps, heads, depth}), 1, 2),
                    dense[size_t(i)].grad().value()));
  }
}

TEST_CASE("attention without heads is attention of one head") {
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    manual_seed(9);
    const Sizes n{.heads = 1, .key_heads = 1, .queries = 7, .keys = 11};
    const Problem p(n, heed::f64);
    const Tensor mask = gt(rand({n.batch, n.queries, n.keys}), 0.3);
    const Variable bias = Problem::leaf({n.batch, n.queries, n.keys}, heed::f64);
    const auto without = [](const std::vector<Variable>& x) {
      std::vector<Variable> all;
      for (const Variable& part : x)
        all.push_back(Variable(squeeze(part.value(), 1)).requires_grad_());
      return all;
    };
    const ScaledDotProductOptions heads{.mask = unsqueeze(mask, 1), .bias = unsqueeze(bias, 1)};
    const ScaledDotProductOptions none{.mask = mask, .bias = bias};
    const auto got = run(without(p.x), none), want = run(p.x, heads);
    for (size_t i = 0; i < 4; ++i) CHECK(same_bits(unsqueeze(got[i], 1), want[i]));
    CHECK(same_bits(unsqueeze(got[4], 1), want[4]));
    const std::vector<Variable> x = without(p.x);
    CHECK(same_bits(unsqueeze(attention_weights(x[0], x[1], none).value(), 1),
                    attention_weights(p.x[0], p.x[1], heads).value()));
  }
}

TEST_CASE("attention: large scores do not overflow, and dropout is that of its definition") {
  manual_seed(7);
  const Sizes n;
  const Problem p(n, heed::f64);
  CHECK(all_finite(run(p.x, {.scale = 1e4})));
  const Variable ones_of(ones({n.batch, n.key_heads, n.keys, 1}, {.dtype = heed::f64}));
  const Tensor kept =
      run({p.x[0], p.x[1], Variable(ones_of.value()).requires_grad_()}, {.dropout_p = 0.25})[0];
  CHECK(mean(kept).item() == Approx(1).epsilon(0.02));
  CHECK(largest(values(run(p.x, {.dropout_p = 1})[0])) == 0);
  Generator first(9), second(9);  // one offset for each call
  const auto draw = [&](Generator& g) {
    return scaled_dot_product_attention(p.x[0], p.x[1], p.x[2], {.dropout_p = 0.5, .generator = &g})
        .value();
  };
  const Tensor a = draw(first), b = draw(first);
  CHECK(first.offset() == 2);
  CHECK(same_bits(a, draw(second)));
  CHECK(same_bits(b, draw(second)));
  CHECK(!equal(a, b));
}

TEST_CASE("attention of nothing") {
  const auto attend = [](const Shape& q, const Shape& k, const Shape& v) {
    return run(
        {Problem::leaf(q, heed::f32), Problem::leaf(k, heed::f32), Problem::leaf(v, heed::f32)},
        {});
  };
  CHECK(attend({0, 2, 3, 4}, {0, 2, 5, 4}, {0, 2, 5, 6})[0].shape() == Shape{0, 2, 3, 6});
  CHECK(attend({1, 2, 0, 4}, {1, 2, 5, 4}, {1, 2, 5, 6})[2].shape() == Shape{1, 2, 5, 4});
  for (const int64_t queries : {3, 9}) {
    const auto none = attend({1, 2, queries, 4}, {1, 2, 0, 4}, {1, 2, 0, 6});
    CHECK(largest(values(none[0])) == 0);
    CHECK(largest(values(none[1])) == 0);
  }
}

TEST_CASE("scaled_dot_product_attention says what it expected") {
  const auto x = [](const Shape& shape, DType dtype = heed::f32) {
    return Variable(zeros(shape, {.dtype = dtype}));
  };
  const Variable q = x({2, 4, 5, 8}), k = x({2, 2, 6, 8}), v = x({2, 2, 6, 3});
  const auto refused = [&](const Variable& a, const Variable& b, const Variable& c,
                           const ScaledDotProductOptions& options, const char* part) {
    for (const bool now : {true, false}) {
      const FusedScope scope(now);
      check_error([&] { scaled_dot_product_attention(a, b, c, options); },
                  std::string("scaled_dot_product_attention: ") + part);
    }
  };
  refused(x({4, 5, 8}), k, v, {}, "expected query (B, H, T, D)");
  refused(q, x({2, 2, 6, 7}), v, {}, "key should be (2, K, S, 8), got (2, 2, 6, 7)");
  refused(q, x({1, 2, 6, 8}), v, {}, "key should be (2, K, S, 8), got (1, 2, 6, 8)");
  refused(q, k, x({2, 2, 5, 3}), {}, "value should be (2, 2, 6, E), got (2, 2, 5, 3)");
  refused(q, x({2, 3, 6, 8}), x({2, 3, 6, 3}), {},
          "the query's heads should be a multiple of the key's, got 4 and 3");
  refused(q, x({2, 0, 6, 8}), x({2, 0, 6, 3}), {},
          "the query's heads should be a multiple of the key's, got 4 and 0");
  refused(q, x({2, 2, 6, 8}, heed::f64), v, {}, "dtypes differ: f32, f64, f32");
  refused(x({2, 4, 5, 8}, i64), k, v, {}, "expected a floating dtype");
  refused(q, k, v, {.mask = zeros({5, 6})}, "the mask should be u8 (1: may be attended), got f32");
  refused(q, k, v, {.mask = zeros({6, 5}, {.dtype = u8})}, "the mask (6, 5) does not broadcast");
  refused(q, k, v, {.mask = zeros({1, 2, 4, 5, 6}, {.dtype = u8})}, "the mask (1, 2, 4, 5, 6)");
  refused(q, k, v, {.bias = x({5, 6}, heed::f64)},
          "the bias should have the query's dtype, f32, got f64");
  refused(q, k, v, {.bias = x({5, 6}, u8)},
          "the bias should have the query's dtype, f32, got u8 (truth values are a mask)");
  refused({}, k, v, {}, "the query is empty (it was never assigned)");
  refused(q, k, {}, {}, "the value is empty");
  refused(q, k, v, {.bias = x({3, 5, 6})}, "the bias (3, 5, 6) does not broadcast to (B, H, T, S)");
  refused(q, k, v, {.past = -1}, "past should be at least 0, got -1");
  refused(q, k, v, {.dropout_p = 1.5}, "dropout_p must lie in [0, 1], got 1.5");
  check_error(
      [&] {
        attention_weights(q, x({2, 3, 6, 8}));
      },
      "attention_weights: the query's heads");
}
