// any, all, logsumexp and cumsum.
#include "heed/core/reduce.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/reduce_engine.h"
#include "heed/core/row_math.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

/// Running sums of `columns` columns down a (n, stride) matrix.
template <class Acc, class T, class Out>
void cumulate(const T* x, Out* y, int64_t n, int64_t stride, int64_t columns) {
  if (stride == 1) {
    Acc total = 0;
    for (int64_t i = 0; i < n; ++i) y[i] = Out(total += Acc(x[i]));
    return;
  }
  Acc acc[detail::reduce_columns] = {};
  for (int64_t i = 0; i < n; ++i, x += stride, y += stride)
    for (int64_t j = 0; j < columns; ++j) y[j] = Out(acc[j] += Acc(x[j]));
}

/// Is there an element that is 0 (zero), or one that is not? As a mask of T's width, which folds in
/// vectors. NaN is not 0.
template <class T, bool zero>
struct SeenOp {
  using Input = T;
  using State = std::conditional_t<sizeof(T) == 1, uint8_t,
                                   std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;

  void leaf(const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t,
            State* states) const {
    const detail::Widened wide(rows, stride, columns);
    for (int64_t j = 0; j < wide.width; ++j) states[j] = 0;
    detail::fold_tile(x, wide, stride, states, [](State seen, T value, int64_t) {
      return State(seen | State((value == T(0)) == zero));
    });
    wide.join([=](int64_t into, int64_t from) { states[into] |= states[from]; });
  }
  State merge(State a, State b) const { return a | b; }
};

/// u8: 1 where an element was seen, or where none was.
template <bool zero>
Tensor seen(const Tensor& x, const Dims& dims, bool keepdim, const char* op, bool expected) {
  const detail::ReducePlan plan = detail::plan_reduction(x, dims, keepdim, op);
  const Tensor out = plan.allocate(u8);
  uint8_t* to = out.mutable_data<uint8_t>();
  dispatch_all(x.dtype(), [&](auto t) {
    detail::reduce_run(plan, SeenOp<decltype(t), zero>{},
                       [to, expected](int64_t i, auto state) { to[i] = (state != 0) == expected; });
  });
  return plan.finish(out);
}

/// shift + log(sum); infinity where the shift is (then the sum is of e^(inf - inf)).
template <class T>
T log_sum(T shift, double sum) {
  return std::isinf(shift) ? shift : T(double(shift) + std::log(sum));
}

}  // namespace

Tensor any(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  return seen<false>(x, dims, keepdim, "any", true);
}

Tensor all(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  return seen<true>(x, dims, keepdim, "all", false);
}

Tensor logsumexp(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  return dispatch_floating(x.dtype(), "logsumexp", [&](auto t) {
    using T = decltype(t);
    const auto plan = detail::plan_reduction(x, dims, keepdim, "logsumexp", true);
    const Tensor out = plan.allocate(x.dtype());
    const T* from = plan.x.data<T>();
    T* to = out.mutable_data<T>();
    parallel_for(0, plan.outer, rows::rows_per_task(plan.size), [&](int64_t begin, int64_t end) {
      std::vector<T> shifts(size_t(end - begin));
      std::vector<double> sums(size_t(end - begin));
      rows::exp_sums(from + begin * plan.size, end - begin, plan.size, shifts.data(), sums.data());
      for (int64_t row = begin; row < end; ++row)
        to[row] = log_sum(shifts[size_t(row - begin)], sums[size_t(row - begin)]);
    });
    return plan.finish(out);
  });
}

Tensor cumsum(const Tensor& x, int64_t dim) {
  if (x.dim() == 0) return reshape(cumsum(reshape(x, {1}), dim), {});
  const int d = normalize_dim(dim, x.shape(), "cumsum");
  const Tensor from = contiguous(x);
  const detail::ReducePlan plan = detail::plan_reduction(from, {d}, true, "cumsum");
  const detail::ReduceCut cut(plan);
  return dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    constexpr bool floating = std::is_floating_point_v<T>;
    using Out = std::conditional_t<floating, T, int64_t>;
    using Acc = std::conditional_t<floating, double, uint64_t>;
    const Tensor out = Tensor::allocate(x.shape(), dtype_of<Out>);
    const T* in = from.data<T>();
    Out* y = out.mutable_data<Out>();
    const int64_t tasks = plan.outer * cut.blocks;
    const int64_t grain =
        std::max<int64_t>(1, detail::reduce_tile / std::max<int64_t>(8, plan.size * cut.columns));
    parallel_for(0, tasks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t column = task % cut.blocks * cut.columns;
        const int64_t at = task / cut.blocks * plan.size * plan.inner + column;
        cumulate<Acc>(in + at, y + at, plan.size, plan.inner,
                      std::min(cut.columns, plan.inner - column));
      }
    });
    return out;
  });
}

}  // namespace heed
