// Which overload a call finds: Tensors give Tensors, a Variable among them gives a Variable,
// numbers and braces are never ambiguous. Most of this test is that it compiles.
#include <concepts>

#include "heed/autograd/dropout.h"
#include "heed/autograd/einsum.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/index.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/autograd/sort.h"
#include "heed/core/creation.h"
#include "tests/catch.h"

using namespace heed;

namespace {

/// As modules hold their weights.
struct Weight : Variable {
  using Variable::Variable;
};

template <class Expected, class T>
void is(const T&) {
  static_assert(std::same_as<T, Expected>);
}

}  // namespace

TEST_CASE("overloads: arithmetic of tensors, variables, parameters and numbers") {
  const Tensor t = ones({2, 2}), mask = ones({2, 2}, {.dtype = u8});
  const Variable v(t);
  Weight p(t);
  p.requires_grad_();

  is<Tensor>(t + t), is<Tensor>(t + 1), is<Tensor>(1.5 * t), is<Tensor>(-t);
  is<Variable>(t + v), is<Variable>(v + t), is<Variable>(t * p), is<Variable>(p - t);
  is<Variable>(v + p), is<Variable>(p + 1), is<Variable>(2 / p), is<Variable>(-p);
  is<Variable>(maximum(p, 0)), is<Variable>(maximum(p, t)), is<Tensor>(maximum(t, 0.5));
  is<Tensor>(where(mask, t, t)), is<Tensor>(where(mask, t, 0)), is<Tensor>(where(mask, 1, 0));
  is<Variable>(where(mask, t, p)), is<Variable>(where(mask, p, 0)), is<Variable>(where(mask, 0, v));
  is<Tensor>(pow(t, 2)), is<Variable>(pow(p, 2)), is<Variable>(pow(p, t)), is<Tensor>(pow(t, t));
  is<Tensor>(clamp(t, 0, 1)), is<Variable>(clamp(p, {}, 1)), is<Tensor>(p > 0), is<Tensor>(v <= t);
  CHECK((t + p).requires_grad());
  CHECK_FALSE((t + v).requires_grad());
}

TEST_CASE("overloads: braces are dimensions, shapes, or lists of tensors") {
  const Tensor t = ones({2, 2}), ids = tensor({1, 0});
  const Variable v(t);
  Weight p(t);
  p.requires_grad_();

  is<Tensor>(cat({t, t})), is<Tensor>(cat({t, t}, 1)), is<Tensor>(stack({t, t}));
  is<Variable>(cat({v, v})), is<Variable>(cat({t, v}, 1)), is<Variable>(stack({v, t}));
  is<Variable>(cat({v, p}, 0)), is<Variable>(cat({p, v}, 0));
  is<Tensor>(cat(std::vector<Tensor>{t, t})), is<Variable>(cat(std::vector<Variable>{v, p}, 1));
  is<std::vector<Tensor>>(split(t, {1, 1})), is<std::vector<Variable>>(split(p, {1, 1}, 1));
  is<std::vector<Variable>>(split(p, 1)), is<std::vector<Tensor>>(unbind(t));
  is<Tensor>(sum(t)), is<Tensor>(sum(t, {0})), is<Tensor>(sum(t, {}, true)),
      is<Tensor>(mean(t, {-1}));
  is<Variable>(sum(p)), is<Variable>(sum(p, {0, 1})), is<Variable>(sum(v, {}, true));
  is<Tensor>(max(t)), is<Variable>(max(p)), is<Variable>(max(p, 1).values),
      is<Tensor>(max(p, 1).indices);
  is<Tensor>(reshape(t, {4})), is<Variable>(reshape(p, {4})), is<Variable>(permute(p, {1, 0}));
  is<Variable>(pad(p, {1, 1})), is<Tensor>(pad(t, {1, 1}, 2)), is<Variable>(p[0]), is<Tensor>(t[0]);
  is<Tensor>(matmul(t, t)), is<Variable>(matmul(t, p)), is<Variable>(linear(t, p)),
      is<Tensor>(linear(t, t));
  is<Tensor>(einsum("ij,jk", {t, t})), is<Variable>(einsum("ij,jk", {t, v}));
  is<Tensor>(embedding(t, ids)), is<Variable>(embedding(p, ids)),
      is<Variable>(embedding(p, ids, 0));
  is<Tensor>(softmax(t, -1)), is<Variable>(softmax(p, -1)), is<Variable>(softmax(p, -1, {}));
  is<Variable>(sort(p).values), is<Tensor>(topk(t, 1).values), is<Variable>(dropout(p, 0.5));
  is<std::vector<Variable>>(grad(sum(v * p), {p}));
  SUCCEED();
}
