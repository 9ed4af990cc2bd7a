// The largest and the smallest, and where they are.
#include "heed/core/convert.h"
#include "heed/core/reduce.h"
#include "heed/core/reduce_engine.h"
#include "heed/core/shape.h"

namespace heed {
namespace detail {
namespace {

struct Larger {
  template <class T>
  static bool before(T a, T b) {
    return a > b;
  }
};
struct Smaller {
  template <class T>
  static bool before(T a, T b) {
    return a < b;
  }
};

/// Does a come before b? NaN comes before every number. (| and & because they vectorise.)
template <class Order, class T>
inline bool beats(T a, T b) {
  return Order::before(a, b) | ((a != a) & (b == b));
}

template <class T>
struct Place {
  T value;
  int64_t index;
};

template <class T, class Order>
struct ExtremeOp {
  using Input = T;
  using State = Place<T>;
  using Index = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;  // as wide as the values

  void leaf(const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t first_row,
            State* states) const {
    const Widened wide(rows, stride, columns);
    const int64_t row_stride = wide.groups == 1 ? stride : wide.width;
    T value[reduce_columns];
    Index row[reduce_columns];
    for (int64_t j = 0; j < wide.width; ++j) value[j] = x[j], row[j] = 0;
    const auto scan = [&](int64_t r, int64_t width) {
      const T* __restrict from = x + r * row_stride;
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) {
        const bool take = beats<Order>(from[j], value[j]);
        value[j] = take ? from[j] : value[j];
        row[j] = take ? Index(r) : row[j];
      }
    };
    for (int64_t r = 1; r < wide.rows; ++r) scan(r, wide.width);
    scan(wide.rows, wide.rest);
    for (int64_t j = 0; j < columns; ++j) {
      State best{value[j], first_row + row[j] * wide.groups};
      for (int64_t group = 1; group < wide.groups; ++group) {
        const int64_t k = group * columns + j;
        best = first(best, {value[k], first_row + row[k] * wide.groups + group});
      }
      states[j] = best;
    }
  }
  State merge(const State& a, const State& b) const { return first(a, b); }

 private:
  static State first(const State& a, const State& b) {
    if (beats<Order>(b.value, a.value)) return b;
    return b.index < a.index && !beats<Order>(a.value, b.value) ? b : a;
  }
};

/// Reduces to values, indices, or both (an empty Tensor for what is not wanted).
template <class Order>
ExtremeResult reduce_extreme(const ReducePlan& plan, const char* op, bool values, bool indices) {
  require(plan.size > 0 || plan.count() == 0, op, ": nothing to choose from in shape ",
          plan.x.shape());
  ExtremeResult out{values ? plan.allocate(plan.x.dtype()) : Tensor(),
                    indices ? plan.allocate(i64) : Tensor()};
  int64_t* places = indices ? out.indices.mutable_data<int64_t>() : nullptr;
  if (plan.count() > 0)
    dispatch_all(plan.x.dtype(), [&](auto t) {
      using T = decltype(t);
      T* to = values ? out.values.mutable_data<T>() : nullptr;
      reduce_run(plan, ExtremeOp<T, Order>{}, [to, places](int64_t i, const Place<T>& place) {
        if (to) to[i] = place.value;
        if (places) places[i] = place.index;
      });
    });
  if (values) out.values = plan.finish(out.values);
  if (indices) out.indices = plan.finish(out.indices);
  return out;
}

template <class Order>
Tensor extreme_values(const Tensor& x, const Dims& dims, bool keepdim, const char* op) {
  const ReducePlan plan = plan_reduction(x, dims, keepdim, op);
  return reduce_extreme<Order>(plan, op, true, false).values;
}

template <class Order>
ExtremeResult extreme_along(const Tensor& x, int64_t dim, bool keepdim, const char* op) {
  return reduce_extreme<Order>(plan_reduction(x, {dim}, keepdim, op), op, true, true);
}

template <class Order>
Tensor place_along(const Tensor& x, int64_t dim, bool keepdim, const char* op) {
  const ReducePlan plan = plan_reduction(x, {dim}, keepdim, op);
  return reduce_extreme<Order>(plan, op, false, true).indices;
}

template <class Order>
Tensor place_in_all(const Tensor& x, const char* op) {
  const Tensor row = reshape(x, {x.numel()});  // row-major order, whatever the layout
  return place_along<Order>(row, 0, false, op);
}

}  // namespace
}  // namespace detail

using detail::Larger;
using detail::Smaller;

Tensor amax(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  return detail::extreme_values<Larger>(x, dims, keepdim, "amax");
}
Tensor amin(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  return detail::extreme_values<Smaller>(x, dims, keepdim, "amin");
}
Tensor max(const Tensor& x) { return detail::extreme_values<Larger>(x, {}, false, "max"); }
Tensor min(const Tensor& x) { return detail::extreme_values<Smaller>(x, {}, false, "min"); }
ExtremeResult max(const Tensor& x, int64_t dim, KeepDim keepdim) {
  return detail::extreme_along<Larger>(x, dim, keepdim, "max");
}
ExtremeResult min(const Tensor& x, int64_t dim, KeepDim keepdim) {
  return detail::extreme_along<Smaller>(x, dim, keepdim, "min");
}
Tensor argmax(const Tensor& x) { return detail::place_in_all<Larger>(x, "argmax"); }
Tensor argmin(const Tensor& x) { return detail::place_in_all<Smaller>(x, "argmin"); }
Tensor argmax(const Tensor& x, int64_t dim, KeepDim keepdim) {
  return detail::place_along<Larger>(x, dim, keepdim, "argmax");
}
Tensor argmin(const Tensor& x, int64_t dim, KeepDim keepdim) {
  return detail::place_along<Smaller>(x, dim, keepdim, "argmin");
}

}  // namespace heed
