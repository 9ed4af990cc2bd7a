// The rows of autograd/index.h, sort.h and dropout.h.
#include "heed/autograd/index.h"

#include "heed/autograd/dropout.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/sort.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

const Tensor picks = tensor({2, 0, 2, 1});
const Tensor none = from_values(std::span<const int64_t>(), {0});
const Tensor places = tensor({{2, 0}, {1, 1}});
const Tensor mask = tensor({{1, 0, 1}, {0, 1, 0}}, {.dtype = u8});
const Tensor ids = tensor({{3, 0}, {3, 1}});

Variable leaf(const Shape& shape) { return Variable(ones(shape, {.dtype = f64})).requires_grad_(); }

}  // namespace

TEST_CASE("gradients of picking") {
  check_rows({
      {"index_select",
       {{{3, 2}}, {{3}}, {{3, 0}}},
       [](auto x) { return index_select(x[0], 0, picks); }},
      {"index_select", {{{2, 3, 2}}}, [](auto x) { return index_select(x[0], -2, picks); }},
      {"index_select", {{{3, 2}}, {{0, 2}}}, [](auto x) { return index_select(x[0], 0, none); }},
      {"gather", {{{2, 3}}, {{4, 5}}}, [](auto x) { return gather(x[0], 1, places); }},
      {"gather", {{{3, 2}}}, [](auto x) { return gather(x[0], -2, places); }},
      {"scatter_add",
       {{{2, 3}, {2, 2}}, {{2, 4}, {3, 4}}},
       [](auto x) { return scatter_add(x[0], 1, places, x[1]); }},
      {"scatter_add",
       {{{3, 2}, {2, 2}}},
       [](auto x) { return scatter_add(x[0], 0, places, x[1]); }},
      {"masked_fill",
       {{{2, 3}}, {{3}}, {{2, 1}}, {{}}, {{4, 1, 1}}},
       [](auto x) { return masked_fill(x[0], mask, 9); }},
      {"embedding", {{{4, 3}}, {{5, 1}}, {{4, 0}}}, [](auto x) { return embedding(x[0], ids); }},
      {"embedding", {{{4, 3}}}, [](auto x) { return embedding(x[0], select(ids, 0, 0)); }},
      {"embedding", {{{4, 3}}}, [](auto x) { return embedding(x[0], none); }},
  });
}

TEST_CASE("gradients of sorting") {
  check_rows({
      {"sort", {{{3, 4}}, {{1}}, {{0, 2}}}, [](auto x) { return sort(x[0]).values; }},
      {"sort", {{{4, 3}}}, [](auto x) { return sort(x[0], 0, true).values; }},
      {"topk", {{{3, 4}}, {{2}}}, [](auto x) { return topk(x[0], 2).values; }},
      {"topk", {{{4, 3}}}, [](auto x) { return topk(x[0], 3, 0, false).values; }},
      {"topk", {{{4, 3}}}, [](auto x) { return topk(x[0], 0).values; }},
  });
}

TEST_CASE("the padding row of an embedding gets no gradient, in any order") {
  const Variable weight = leaf({4, 2});
  const auto padded = [](auto x) { return square(embedding(x[0], ids, 3)); };
  const Tensor g = grad(sum(padded(std::span(&weight, 1))), {weight})[0].value();
  CHECK(equal(g, tensor({{2, 2}, {2, 2}, {0, 0}, {0, 0}}, {.dtype = f64})));
  // Differences see the padding row, so the check leaves it constant.
  const auto above = [](auto x) {
    const Variable table = cat({x[0], Variable(ones({1, 2}, {.dtype = f64}))});
    return square(embedding(table, ids, 3));
  };
  CHECK(gradcheck(above, {leaf({3, 2})}, {.second_order = true}));
  check_error([&] { embedding(weight, ids, 4); }, "embedding: padding_idx 4");
}

TEST_CASE("gradients of dropout meet the same mask") {
  const auto drop = [](auto x) {
    Generator generator(5);
    return square(dropout(x[0], 0.25, true, &generator));
  };
  CHECK(gradcheck(drop, {leaf({5, 7})}, {.second_order = true}));

  Generator generator(5);
  const Variable x = leaf({200, 100});
  const Variable y = dropout(x, 0.25, true, &generator);
  CHECK(generator.offset() == 1);
  CHECK(equal(grad(sum(y), {x})[0].value(), y.value()));
  CHECK(mean(y.value()).item() == Approx(1).margin(0.02));
  CHECK(sum(to(eq(y.value(), 0), f64)).item() == Approx(5000).margin(250));
  CHECK(equal(where(eq(y.value(), 0), 4.0 / 3, y.value()),
              full({200, 100}, 4.0 / 3, {.dtype = f64})));

  CHECK(dropout(x, 0.25, false).node() == x.node());
  CHECK(dropout(x, 0).node() == x.node());
  CHECK(sum(dropout(x, 1).value()).item() == 0);
  check_error([&] { dropout(x, 1.5); }, "dropout: p must lie in [0, 1], got 1.5");
}

TEST_CASE("indices that are wrong are refused as for tensors") {
  const Variable x = leaf({3, 2});
  check_error([&] { embedding(x, tensor({3})); }, "embedding");
  check_error([&] { gather(x, 1, tensor({{2}})); }, "gather");
  check_error([&] { index_select(x, 0, tensor({-1})); }, "index_select");
}
