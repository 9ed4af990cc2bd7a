#include "heed/autograd/broadcast.h"

#include "heed/autograd/record.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

Tensor sum_value(const Tensor& x, const Shape& shape) {
  const int extra = x.dim() - shape.size();
  require(extra >= 0, "sum_to: shape ", x.shape(), " cannot be summed to ", shape);
  Dims dims;
  for (int i = 0; i < x.dim(); ++i)
    if (i < extra || (shape[i - extra] == 1 && x.shape()[i] != 1)) dims.push_back(i);
  return reshape(dims.empty() ? x : sum(x, dims, true), shape);
}

}  // namespace

Variable sum_to(const Variable& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  static constexpr Op op{"sum_to", "y = x summed to a smaller shape", "dx = dy expanded"};
  return record(op, sum_value(x.value(), shape),
                input(x, [from = x.shape()](const Variable& g) { return expand(g, from); }));
}

Variable expand(const Variable& x, const Shape& shape) {
  static constexpr Op op{"expand", "y = x repeated along dimensions of size 1", "dx = dy summed"};
  return record(op, expand(x.value(), shape),
                input(x, [from = x.shape()](const Variable& g) { return sum_to(g, from); }));
}

}  // namespace heed
