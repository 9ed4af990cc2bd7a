// What masks must guarantee, of the fused attention and of its definition: no future, no padding,
// no NaN that was not asked for.
#include <cmath>
#include <limits>

#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/shape.h"
#include "tests/attention_problem.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::attention_tests;

TEST_CASE("attention: a query without keys gives zeros everywhere, whatever is masked") {
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    for (const DType dtype : {heed::f64, heed::f32}) {
      for (const int64_t queries : {2, 9}) {
        manual_seed(4);
        const Sizes n{.queries = queries, .keys = 8, .depth = 5, .width = 4};
        const Problem p(n, dtype);
        const Tensor mask = zeros({queries, n.keys}, {.dtype = u8});
        mask[1][2].fill_(1);
        const Tensor nothing = full({queries, n.keys}, -INFINITY, {.dtype = dtype});
        nothing[1][2].fill_(0);
        for (const ScaledDotProductOptions& options :
             {ScaledDotProductOptions{.mask = mask}, {.bias = Variable(nothing)}}) {
          const auto found = run(p.x, options);
          CHECK(all_finite(found));
          for (const int64_t b : {0, 1})
            for (const int64_t h : {0, 3}) {
              CHECK(largest(values(found[0][b][h][0])) == 0);
              CHECK(largest(values(found[1][b][h][0])) == 0);
              CHECK(same_bits(found[0][b][h][1], p.x[2].value()[b][h / 2][2]));
            }
          CHECK(largest(values(narrow(found[2], 2, 3, 5))) == 0);  // keys nobody attends to
          CHECK(largest(values(narrow(found[3], 2, 3, 5))) == 0);
          const Variable weights = attention_weights(p.x[0], p.x[1], options);
          CHECK(largest(values(select(weights.value(), 2, 0))) == 0);
        }
      }
    }
  }
}

TEST_CASE("attention: the future does not leak") {
  for (const DType dtype : {heed::f64, heed::f32})
    for (const int64_t queries : {3, 70})
      for (const int64_t past : {0, 61}) {
        manual_seed(5);
        const Sizes n{.queries = queries, .keys = queries + past};
        const Problem p(n, dtype);
        const ScaledDotProductOptions options{.is_causal = true, .past = past};
        const Tensor before = run(p.x, options)[0];
        const int64_t cut = queries / 2;  // the tokens from here on change
        std::vector<Variable> changed = p.x;
        for (size_t i : {1, 2}) {
          changed[i] = Variable(clone(p.x[i].value())).requires_grad_();
          narrow(changed[i].value(), 2, past + cut, queries - cut).fill_(7);
        }
        const Variable after =
            scaled_dot_product_attention(changed[0], changed[1], changed[2], options);
        CHECK(same_bits(narrow(before, 2, 0, cut), narrow(after.value(), 2, 0, cut)));
        CHECK(!equal(before, after.value()));
        sum(narrow(after, 2, 0, cut)).backward();
        for (size_t i : {1, 2})
          CHECK(largest(values(narrow(changed[i].grad().value(), 2, past + cut, queries - cut))) ==
                0);
      }
}

TEST_CASE("attention: a past beyond all keys leaves every key open") {
  const Problem p({.queries = 20, .keys = 30}, heed::f64);
  const auto open = run(p.x, {});
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    check_close(run(p.x, {.is_causal = true, .past = std::numeric_limits<int64_t>::max()}), open,
                1e-13);
  }
}

TEST_CASE("attention: padding changes nothing") {
  for (const DType dtype : {heed::f64, heed::f32}) {
    const double bar = dtype == heed::f64 ? 2e-14 : 2e-6;
    manual_seed(6);
    const int64_t length = 37;
    const Sizes n{.queries = 20, .keys = 100};
    const Problem p(n, dtype);
    std::vector<Variable> cut = p.x;
    for (size_t i : {1, 2})
      cut[i] = Variable(clone(narrow(p.x[i].value(), 2, 0, length))).requires_grad_();
    const Tensor mask = ones({1, 1, 1, n.keys}, {.dtype = u8});
    narrow(mask, 3, length, n.keys - length).fill_(0);
    const auto padded = run(p.x, {.mask = mask}), alone = run(cut, {});
    for (size_t i : {0, 1}) check_close({padded[i]}, {alone[i]}, bar);
    for (size_t i : {2, 3}) {
      check_close({narrow(padded[i], 2, 0, length)}, {alone[i]}, bar);
      CHECK(largest(values(narrow(padded[i], 2, length, n.keys - length))) == 0);
    }
  }
}

TEST_CASE("attention: padding may hold anything and is never read") {
  const int64_t length = 37;
  for (const bool now : {true, false})
    for (const DType dtype : {heed::f64, heed::f32})
      for (const int64_t queries : {2, 37}) {
        const FusedScope scope(now);
        manual_seed(8);
        const Sizes n{.queries = queries, .keys = 70};
        const Problem p(n, dtype);
        const Tensor mask = gt(rand({n.batch, 1, queries, n.keys}), 0.3);
        narrow(mask, 3, length, n.keys - length).fill_(0);
        const Tensor bias = randn({n.heads, 1, n.keys}, {.dtype = dtype});
        narrow(bias, 2, length, n.keys - length).fill_(-INFINITY);
        for (const ScaledDotProductOptions& options :
             {ScaledDotProductOptions{.mask = mask},
              {.bias = Variable(bias).requires_grad_()},
              {.is_causal = true, .past = length - queries}}) {
          std::vector<std::vector<Tensor>> found;
          for (const double padding : {0.0, double(NAN), double(INFINITY)}) {
            for (size_t i : {1, 2})
              narrow(p.x[i].value(), 2, length, n.keys - length).fill_(padding);
            found.push_back(run(p.x, options));
            found.back().push_back(attention_weights(p.x[0], p.x[1], options).value());
          }
          CHECK(all_finite(found[0]));
          for (size_t i = 0; i < found[0].size(); ++i)
            for (size_t padding : {1, 2}) CHECK(same_bits(found[padding][i], found[0][i]));
        }
      }
}

TEST_CASE("attention: a key that is masked for one query gives that one no NaN") {
  for (const bool now : {true, false}) {
    const FusedScope scope(now);
    const Sizes n{.batch = 1, .heads = 1, .key_heads = 1, .queries = 5, .keys = 9};
    const Problem p(n, heed::f32);
    p.x[1].value()[0][0][8].fill_(NAN);
    const Tensor bias = zeros({n.queries, n.keys}), mask = ones({n.queries, n.keys}, {.dtype = u8});
    bias[1][8].fill_(-INFINITY);
    mask[1][8].fill_(0);
    for (const ScaledDotProductOptions& options :
         {ScaledDotProductOptions{.mask = mask}, {.bias = bias}}) {
      const Tensor y = scaled_dot_product_attention(p.x[0], p.x[1], p.x[2], options).value();
      const Tensor weights = attention_weights(p.x[0], p.x[1], options).value();
      CHECK(sum(isnan(y)).item() == double(4 * n.width));
      CHECK(sum(isnan(weights)).item() == double(4 * n.keys));
      CHECK(all_finite({y[0][0][1], weights[0][0][1]}));
    }
  }
}

TEST_CASE("attention: NaN in, NaN out, and only there") {
  for (const int64_t queries : {2, 20}) {
    const Sizes n{.batch = 1, .heads = 1, .key_heads = 1, .queries = queries, .keys = 80};
    const Problem p(n, heed::f32);
    p.x[0].value()[0][0][1].fill_(NAN);
    const Tensor y = run(p.x, {})[0];
    CHECK(largest(values(isnan(y[0][0][1]))) == 1);
    CHECK(sum(isnan(y)).item() == n.width);
    p.x[0].value()[0][0][1].fill_(1);
    p.x[1].value()[0][0][70].fill_(INFINITY);  // a score of +inf: softmax gives NaN
    p.x[0].value().fill_(1);
    CHECK(sum(isnan(run(p.x, {})[0])).item() == double(queries * n.width));
    const Tensor mask = ones({n.keys}, {.dtype = u8});
    mask[70].fill_(0);  // a masked score is not looked at
    CHECK(all_finite({run(p.x, {.mask = mask})[0]}));
  }
}
