#include <array>

#include "heed/core/convert.h"
#include "heed/core/reduce_engine.h"
#include "heed/core/shape.h"

namespace heed::detail {
namespace {

using Flags = std::array<bool, max_dims>;

Flags reduced_dims(const Shape& shape, const Dims& dims, const char* op) {
  Flags reduced{};
  for (int64_t dim : dims) {
    bool& flag = reduced[size_t(normalize_dim(dim, shape, op))];
    require(!flag, op, ": dimension ", dim, " appears twice in ", dims);
    flag = true;
  }
  if (dims.empty()) reduced.fill(true);
  return reduced;
}

/// The dimensions from the largest stride to the smallest: how x lies in memory.
Dims memory_order(const Tensor& x) {
  Dims order;
  for (int i = 0; i < x.dim(); ++i) {
    int at = order.size();
    while (at > 0 && x.strides()[int(order[at - 1])] < x.strides()[i]) --at;
    order.insert(at, i);
  }
  return order;
}

Dims identity_order(int dims) {
  Dims order;
  for (int i = 0; i < dims; ++i) order.push_back(i);
  return order;
}

/// Is there at most one stretch of reduced dimensions (beside sizes of 1)?
bool one_stretch(const Tensor& x, const Dims& order, const Flags& reduced) {
  int stretches = 0;
  bool inside = false;
  for (int64_t dim : order) {
    if (x.shape()[int(dim)] == 1) continue;
    if (reduced[size_t(dim)] && !inside) ++stretches;
    inside = reduced[size_t(dim)];
  }
  return stretches <= 1;
}

/// Kept dimensions first, then the reduced ones.
Dims rows_order(int dims, const Flags& reduced) {
  Dims order;
  for (const bool wanted : {false, true})
    for (int i = 0; i < dims; ++i)
      if (reduced[size_t(i)] == wanted) order.push_back(i);
  return order;
}

/// The order of dimensions in which x is read; x becomes contiguous in that order.
Dims choose_order(Tensor& x, const Flags& reduced, bool as_rows) {
  const Dims memory = memory_order(x);
  const bool dense = permute(x, memory).is_contiguous();
  Dims order = dense && !x.is_contiguous() ? memory : identity_order(x.dim());
  if (as_rows || !one_stretch(x, order, reduced)) order = rows_order(x.dim(), reduced);
  x = contiguous(permute(x, order));
  return order;
}

}  // namespace

ReducePlan plan_reduction(const Tensor& x, const Dims& dims, bool keepdim, const char* op,
                          bool as_rows) {
  const Flags reduced = reduced_dims(x.shape(), dims, op);
  ReducePlan plan;
  plan.x = x;
  const Dims order = choose_order(plan.x, reduced, as_rows);
  bool below = false;  // past the reduced dimensions?
  for (int i = 0; i < order.size(); ++i) {
    const int64_t size = plan.x.shape()[i];
    const bool reduce = reduced[size_t(order[i])];
    if (!reduce) plan.kept.push_back(size);
    if (size == 1) continue;
    below |= reduce;
    (reduce ? plan.size : below ? plan.inner : plan.outer) *= size;
  }
  for (int i = 0; i < x.dim(); ++i) {
    if (!reduced[size_t(i)]) {
      int place = 0;
      for (int j = 0; order[j] != i; ++j) place += !reduced[size_t(order[j])];
      plan.order.push_back(place);
    }
    if (!reduced[size_t(i)] || keepdim)
      plan.result.push_back(reduced[size_t(i)] ? 1 : x.shape()[i]);
  }
  return plan;
}

Tensor ReducePlan::finish(const Tensor& out) const {
  return reshape(contiguous(permute(out, order)), result);
}

}  // namespace heed::detail
