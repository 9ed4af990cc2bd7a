#include "heed/autograd/sort.h"

#include "heed/autograd/index.h"
#include "heed/autograd/record.h"
#include "heed/core/creation.h"

namespace heed {
namespace {

PickedVariable picked(const Op& op, const Variable& x, int64_t dim, SortResult found) {
  const auto back = [dim, indices = save(found.indices), from = x.shape()](const Variable& g) {
    return scatter_add(Variable(zeros(from, {.dtype = g.dtype()})), dim, indices.value(), g);
  };
  return {record({op, {"dim", double(dim)}}, found.values, input(x, back)), found.indices};
}

}  // namespace

PickedVariable sort(const Variable& x, int64_t dim, bool descending) {
  static constexpr Op op{"sort", "y = x at its order", "dx at its order = dy"};
  return picked(op, x, dim, sort(x.value(), dim, descending));
}

PickedVariable topk(const Variable& x, int64_t k, int64_t dim, bool largest) {
  static constexpr Op op{"topk", "y = x at its k best places", "dx at these places = dy"};
  return picked(op, x, dim, topk(x.value(), k, dim, largest));
}

}  // namespace heed
