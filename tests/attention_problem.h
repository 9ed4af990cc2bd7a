#pragma once
// Queries, keys and values for the tests of scaled_dot_product_attention.

#include <vector>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/scaled_dot_product_attention.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "tests/catch.h"
#include "tests/kernels.h"

namespace heed::attention_tests {

struct Sizes {
  int64_t batch = 2, heads = 4, key_heads = 2, queries = 70, keys = 131, depth = 20, width = 24;
  Shape scores() const { return {batch, heads, queries, keys}; }
};

struct Problem {
  Problem(const Sizes& n, DType dtype)
      : x{leaf({n.batch, n.heads, n.queries, n.depth}, dtype),
          leaf({n.batch, n.key_heads, n.keys, n.depth}, dtype),
          leaf({n.batch, n.key_heads, n.keys, n.width}, dtype)} {}
  static Variable leaf(const Shape& shape, DType dtype) {
    return Variable(randn(shape, {.dtype = dtype})).requires_grad_();
  }
  std::vector<Variable> x;  // query, key, value
};

/// The output and the gradients of query, key, value and bias, for a fixed gradient of the output.
inline std::vector<Tensor> run(const std::vector<Variable>& x, ScaledDotProductOptions options) {
  Generator generator(5), random(6);
  options.generator = &generator;
  const Variable y = scaled_dot_product_attention(x[0], x[1], x[2], options);
  std::vector<Variable> inputs = x;
  if (options.bias.requires_grad()) inputs.push_back(options.bias);
  const Tensor dy = randn(y.shape(), {.dtype = y.dtype(), .generator = &random});
  const Variable outputs[] = {y}, arrived[] = {Variable(dy)};
  std::vector<Tensor> all{y.value()};
  for (const Variable& g : grad(outputs, inputs, {}, arrived)) all.push_back(g.value());
  return all;
}

inline bool all_finite(const std::vector<Tensor>& tensors) {
  bool finite = true;
  for (const Tensor& x : tensors) finite = finite && all(isfinite(x)).item() != 0;
  return finite;
}

/// got and expected, relative to the largest number of each tensor, or to 1.
inline void check_close(const std::vector<Tensor>& got, const std::vector<Tensor>& want,
                        double bar) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    INFO("tensor " << i);
    REQUIRE(got[i].shape() == want[i].shape());
    CHECK(distance(values(got[i]), values(want[i])) <=
          bar * std::max(1.0, largest(values(want[i]))));
  }
}

}  // namespace heed::attention_tests
