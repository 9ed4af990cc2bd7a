// sum, mean, norm, var and std.
#include <cmath>

#include "heed/core/elementwise.h"
#include "heed/core/math.h"
#include "heed/core/reduce.h"
#include "heed/core/reduce_engine.h"

namespace heed {
namespace detail {
namespace {

struct Identity {
  template <class A>
  static A map(A x) {
    return x;
  }
};
struct Absolute {
  static double map(double x) { return math::abs(x); }
};
struct Square {
  static double map(double x) { return x * x; }
};

/// sum map(x). Floats are added in double, integers modulo 2^64 (unsigned: overflow is defined).
template <class T, class Map>
struct SumOp {
  using Input = T;
  using State = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

  void leaf(const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t,
            State* states) const {
    if (columns == 1 && rows < 32) {  // a short row is not worth widening
      State total = 0;
      for (int64_t r = 0; r < rows; ++r) total += Map::map(State(x[r * stride]));
      states[0] = total;
      return;
    }
    const Widened wide(rows, stride, columns);
    for (int64_t j = 0; j < wide.width; ++j) states[j] = 0;
    fold_tile(x, wide, stride, states,
              [](State acc, T value, int64_t) { return acc + Map::map(State(value)); });
    wide.join([=](int64_t into, int64_t from) { states[into] += states[from]; });
  }
  State merge(State a, State b) const { return a + b; }
};

struct Moments {
  double count, mean, m2;  // m2 = sum (x - mean)^2
};

template <class T>
struct VarOp {
  using Input = T;
  using State = Moments;

  void leaf(const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t,
            State* states) const {
    const Widened wide(rows, stride, columns);
    double mean[reduce_columns], m2[reduce_columns];
    for (int64_t j = 0; j < wide.width; ++j) mean[j] = m2[j] = 0;
    fold_tile(x, wide, stride, mean,
              [](double acc, T value, int64_t) { return acc + double(value); });
    wide.join([&](int64_t into, int64_t from) { mean[into] += mean[from]; });
    for (int64_t j = 0; j < columns; ++j) mean[j] /= double(rows);
    for (int64_t j = columns; j < wide.width; ++j) mean[j] = mean[j - columns];
    fold_tile(x, wide, stride, m2, [&mean](double acc, T value, int64_t j) {
      const double distance = double(value) - mean[j];
      return acc + distance * distance;
    });
    wide.join([&](int64_t into, int64_t from) { m2[into] += m2[from]; });
    for (int64_t j = 0; j < columns; ++j) states[j] = {double(rows), mean[j], m2[j]};
  }
  State merge(const State& a, const State& b) const {
    const double count = a.count + b.count, distance = b.mean - a.mean;
    return {count, a.mean + distance * (b.count / count),
            a.m2 + b.m2 + distance * distance * (a.count * b.count / count)};
  }
};

template <class Out, class Op, class Finish>
Tensor reduce_to(const ReducePlan& plan, const Op& op, const Finish& finish) {
  const Tensor out = plan.allocate(dtype_of<Out>);
  Out* to = out.mutable_data<Out>();
  reduce_run(plan, op, [to, finish](int64_t i, const typename Op::State& state) {
    to[i] = Out(finish(state));
  });
  return plan.finish(out);
}

template <class Finish>
Tensor reduce_variance(const Tensor& x, const Dims& dims, const VarOptions& options, const char* op,
                       const Finish& finish) {
  return dispatch_floating(x.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const ReducePlan plan = plan_reduction(x, dims, options.keepdim, op);
    const double divisor = std::max(0.0, double(plan.size) - options.correction);
    return reduce_to<T>(plan, VarOp<T>{},
                        [=](const Moments& moments) { return finish(moments.m2 / divisor); });
  });
}

}  // namespace
}  // namespace detail

Tensor sum(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  const detail::ReducePlan plan = detail::plan_reduction(x, dims, keepdim, "sum");
  return dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    using Out = std::conditional_t<std::is_floating_point_v<T>, T, int64_t>;
    return detail::reduce_to<Out>(plan, detail::SumOp<T, detail::Identity>{},
                                  [](auto state) { return state; });
  });
}

Tensor mean(const Tensor& x, const Dims& dims, KeepDim keepdim) {
  return dispatch_floating(x.dtype(), "mean", [&](auto t) {
    using T = decltype(t);
    const detail::ReducePlan plan = detail::plan_reduction(x, dims, keepdim, "mean");
    return detail::reduce_to<T>(plan, detail::SumOp<T, detail::Identity>{},
                                [n = double(plan.size)](double state) { return state / n; });
  });
}

Tensor norm(const Tensor& x, double p, const Dims& dims, KeepDim keepdim) {
  return dispatch_floating(x.dtype(), "norm", [&](auto t) {
    using T = decltype(t);
    if (p == INFINITY) return amax(abs(x), dims, keepdim);
    require(p == 1 || p == 2, "norm: expected p = 1, 2 or infinity, got ", p);
    const detail::ReducePlan plan = detail::plan_reduction(x, dims, keepdim, "norm");
    if (p == 1)
      return detail::reduce_to<T>(plan, detail::SumOp<T, detail::Absolute>{},
                                  [](double state) { return state; });
    return detail::reduce_to<T>(plan, detail::SumOp<T, detail::Square>{},
                                [](double state) { return math::sqrt(state); });
  });
}

Tensor var(const Tensor& x, const Dims& dims, VarOptions options) {
  return detail::reduce_variance(x, dims, options, "var", [](double v) { return v; });
}

Tensor std(const Tensor& x, const Dims& dims, VarOptions options) {
  return detail::reduce_variance(x, dims, options, "std", [](double v) { return math::sqrt(v); });
}

}  // namespace heed
