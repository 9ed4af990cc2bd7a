// The rows of autograd/matmul.h and einsum.h.
#include "heed/autograd/matmul.h"

#include "heed/autograd/einsum.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/memory.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

Variable leaf(const Shape& shape) {
  return Variable(randn(shape, {.dtype = f64})).requires_grad_();
}

}  // namespace

TEST_CASE("gradients of matrix products") {
  const std::vector<Row::Shapes> shapes{{{2, 3}, {3, 4}},       {{3, 3}, {3, 3}},
                                        {{1, 1}, {1, 1}},       {{3}, {3}},
                                        {{2, 3}, {3}},          {{3}, {3, 4}},
                                        {{2, 2, 3}, {3, 4}},    {{2, 2, 3}, {3}},
                                        {{2, 2, 3}, {2, 3, 4}}, {{2, 3}, {2, 3, 2}},
                                        {{3}, {2, 3, 2}},       {{2, 1, 2, 3}, {3, 3, 2}},
                                        {{1, 2, 3}, {3, 2}},    {{2, 2, 1, 3}, {1, 2, 3, 2}}};
  const std::vector<Row::Shapes> empty{
      {{2, 0}, {0, 3}}, {{0, 2}, {2, 3}}, {{2, 2}, {2, 0}}, {{0, 2, 3}, {3, 2}}, {{0}, {0}}};
  check_rows({
      {"matmul", shapes, [](auto x) { return matmul(x[0], x[1]); }},
      {"matmul", empty, [](auto x) { return matmul(x[0], x[1]); }},
      {"matmul",
       {{{3, 2}, {4, 3}}, {{2, 3, 2}, {2, 4, 3}}},
       [](auto x) { return matmul(transpose(x[0], -1, -2), transpose(x[1], -1, -2)); }},
  });
}

TEST_CASE("gradients of linear maps") {
  check_rows({
      {"linear",
       {{{4, 3}, {2, 3}, {2}}, {{3}, {2, 3}, {2}}, {{2, 3, 2}, {4, 2}, {4}}, {{1, 1}, {1, 1}, {1}}},
       [](auto x) { return linear(x[0], x[1], x[2]); }},
      {"linear",
       {{{0, 3}, {2, 3}, {2}}, {{2, 0, 3}, {2, 3}, {2}}, {{2, 0}, {3, 0}, {3}}},
       [](auto x) { return linear(x[0], x[1], x[2]); }},
      {"linear",
       {{{4, 3}, {2, 3}}, {{2, 2, 3}, {3, 3}}, {{3, 3}, {3, 3}}},
       [](auto x) { return linear(x[0], x[1]); }},
  });
}

TEST_CASE("gradients of einsum") {
  const auto row = [](const char* equation, Row::Shapes shapes) {
    return Row("einsum", {shapes}, [equation](auto x) { return einsum(equation, x); });
  };
  check_rows({
      row("ij,jk->ik", {{2, 3}, {3, 4}}),
      row("bij,bjk->bik", {{2, 2, 3}, {2, 3, 2}}),
      row("bij,jk", {{2, 2, 3}, {3, 2}}),
      row("i,j->ij", {{3}, {2}}),
      row("i,i->", {{3}, {3}}),
      row("ij->ji", {{2, 3}}),
      row("ij->", {{2, 3}}),
      row("ij->j", {{2, 3}}),
      row("ij,k->j", {{2, 3}, {2}}),  // i and k are summed alone
      row("ii->i", {{3, 3}}),         // a diagonal
      row("ii", {{3, 3}}),            // a trace
      row("iji->j", {{2, 3, 2}}),
      row("ii,ij->j", {{2, 2}, {2, 3}}),
      row("iij->", {{2, 2, 3}}),
      row("ijk,ilm,njm,nlk->", {{2, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}}),
      row(" bqd , bkd -> bqk", {{2, 3, 2}, {2, 2, 2}}),
      row("ij,jk->ik", {{2, 0}, {0, 3}}),
      row("ij,ij->ij", {{1, 1}, {1, 1}}),
  });
}

TEST_CASE("the gradient of a weight is one product over all leading dimensions") {
  const Variable x = leaf({8, 16, 32}), w = leaf({32, 24});
  const Variable loss = sum(matmul(x, w));
  reset_peak_memory();
  const int64_t before = memory_statistics().peak_bytes;
  grad(loss, {w});
  // A product for each of the 8 would hold 8 * 32 * 24 numbers before they are summed.
  CHECK(memory_statistics().peak_bytes - before < 8 * (8 * 16 * 24 + 3 * 32 * 24));
}

TEST_CASE("products keep what a gradient needs and no more") {
  const Variable w = leaf({3, 3});
  const Tensor x = randn({2, 3}, {.dtype = f64});
  const Variable y = sum(matmul(Variable(x), w));
  w.value().fill_(7);  // only the gradient of x, which nobody wants, would need it
  CHECK(allclose(grad(y, {w})[0].value(), expand(unsqueeze(sum(x, {0}), 1), {3, 3})));
}

TEST_CASE("products refuse what cannot be multiplied, as for tensors") {
  const FusedScope scope(true);  // definitions name the op that they fail in
  check_error([&] { matmul(leaf({2, 3}), leaf({2, 3})); }, "matmul");
  check_error([&] { matmul(leaf({}), leaf({2})); }, "matmul");
  check_error([&] { linear(leaf({2, 3}), leaf({4, 2})); }, "linear");
  check_error([&] { einsum("ij,jk->ik", {leaf({2, 3}), leaf({2, 3})}); }, "einsum");
}
