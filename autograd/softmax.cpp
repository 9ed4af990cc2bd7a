#include "heed/autograd/softmax.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/record.h"
#include "heed/autograd/reduce.h"

namespace heed {

Variable softmax(const Variable& x, int64_t dim, const Tensor& mask) {
  static constexpr Op op{"softmax", "y_i = e^x_i / sum_j e^x_j", "dx = y (dy - sum_j dy_j y_j)"};
  const auto back = [dim](const Variable& g, const Variable& y) {
    if (!recording()) return Variable(softmax_backward(g.value(), y.value(), dim));
    return y * (g - sum(g * y, {dim}, true));
  };
  return record({op, {"dim", double(dim)}},
                mask.defined() ? softmax(x.value(), dim, mask) : softmax(x.value(), dim),
                input(x, back));
}

Variable log_softmax(const Variable& x, int64_t dim) {
  static constexpr Op op{"log_softmax", "y_i = x_i - log(sum_j e^x_j)", "dx = dy - e^y sum_j dy_j"};
  const auto back = [dim](const Variable& g, const Variable& y) {
    if (!recording()) return Variable(log_softmax_backward(g.value(), y.value(), dim));
    return g - exp(y) * sum(g, {dim}, true);
  };
  return record({op, {"dim", double(dim)}}, log_softmax(x.value(), dim), input(x, back));
}

}  // namespace heed
