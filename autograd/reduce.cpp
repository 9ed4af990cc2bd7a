#include "heed/autograd/reduce.h"

#include <cmath>

#include "heed/autograd/index.h"
#include "heed/autograd/pointwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"

namespace heed {
namespace {

using detail::pointwise;

/// What a reduction did to a shape, for its backward.
struct Reduction {
  Shape from;  // of x
  Shape kept;  // of the result with keepdim
  Dims dims;
  int64_t count = 1;  // elements behind each result

  Reduction(const Variable& x, const Dims& over) : from(x.shape()), kept(from), dims(over) {
    for (int i = 0; over.empty() && i < from.size(); ++i) dims.push_back(i);
    for (int64_t dim : dims) {
      const int d = normalize_dim(dim, from, "reduce");
      count *= from[d];
      kept[d] = 1;
    }
  }
  /// A value of the result's shape with the reduced dimensions back, as sizes of 1.
  Variable keep(const Variable& g) const { return reshape(g, kept); }
  Variable spread(const Variable& g) const { return expand(keep(g), from); }
};

/// g / y, and 0 where y is 0.
Variable divide_or_zero(const Variable& g, const Variable& y) {
  const Tensor zero = eq(y.value(), 0);
  return where(zero, 0, g / where(zero, 1, y));
}

/// The extreme elements share the gradient evenly.
Variable extreme(const Op& op, const Variable& x, const Dims& dims, Tensor y) {
  const auto share = [how = Reduction(x, dims), x = save(x)](const Variable& g, const Variable& y) {
    const Tensor mine = to(eq(x.value(), reshape(y.value(), how.kept)), g.dtype());
    return how.keep(g) * Variable(mine / sum(mine, how.dims, true));
  };
  return record(op, std::move(y), input(x, share));
}

PickedVariable extreme_along(const Op& op, const Variable& x, int64_t dim, ExtremeResult found) {
  const auto back = [how = Reduction(x, {dim}), dim,
                     indices = save(found.indices)](const Variable& g) {
    const Variable nothing(zeros(how.from, {.dtype = g.dtype()}));
    return scatter_add(nothing, dim, reshape(indices.value(), how.kept), how.keep(g));
  };
  return {record({op, {"dim", double(dim)}}, found.values, input(x, back)), found.indices};
}

}  // namespace

Variable sum(const Variable& x, const Dims& dims, KeepDim keepdim) {
  static constexpr Op op{"sum", "y = sum of x", "dx = dy"};
  return record(op, sum(x.value(), dims, keepdim),
                input(x, [how = Reduction(x, dims)](const Variable& g) { return how.spread(g); }));
}

Variable mean(const Variable& x, const Dims& dims, KeepDim keepdim) {
  static constexpr Op op{"mean", "y = sum of x / n", "dx = dy / n"};
  return record(op, mean(x.value(), dims, keepdim),
                input(x, [how = Reduction(x, dims)](const Variable& g) {
                  return how.spread(g / double(how.count));
                }));
}

Variable var(const Variable& x, const Dims& dims, VarOptions options) {
  static constexpr Op op{"var", "y = sum of (x - mean)^2 / (n - c)",
                         "dx = 2 dy (x - mean) / (n - c)"};
  const auto back = [how = Reduction(x, dims), x = save(x), options](const Variable& g) {
    const double scale = 2 / (double(how.count) - options.correction);
    return pointwise(
        [scale](auto g, auto x, auto mean) { return g * (x - mean) * math::like(x, scale); },
        how.keep(g), *x, mean(*x, how.dims, true));
  };
  return record({op, {"c", options.correction}}, var(x.value(), dims, options), input(x, back));
}

Variable std(const Variable& x, const Dims& dims, VarOptions options) {
  static constexpr Op op{"std", "y = sqrt(sum of (x - mean)^2 / (n - c))",
                         "dx = dy (x - mean) / ((n - c) y)"};
  const auto back = [how = Reduction(x, dims), x = save(x), options](const Variable& g,
                                                                     const Variable& y) {
    const double scale = 1 / (double(how.count) - options.correction);
    return pointwise(
        [scale](auto g, auto x, auto mean) { return g * (x - mean) * math::like(x, scale); },
        how.keep(divide_or_zero(g, y)), *x, mean(*x, how.dims, true));
  };
  return record({op, {"c", options.correction}}, std(x.value(), dims, options), input(x, back));
}

Variable norm(const Variable& x, double p, const Dims& dims, KeepDim keepdim) {
  static constexpr Op op{"norm", "y = (sum of |x|^p)^(1/p)",
                         "dx = dy sign(x) (|x| / y)^(p - 1), for p = inf where |x| = y"};
  if (std::isinf(p)) return amax(abs(x), dims, keepdim);
  Tensor y = norm(x.value(), p, dims, keepdim);
  const auto back = [how = Reduction(x, dims), x = save(x), p](const Variable& g,
                                                               const Variable& y) {
    if (p == 1) return pointwise([](auto g, auto x) { return g * math::sign(x); }, how.keep(g), *x);
    return *x * how.keep(divide_or_zero(g, y));
  };
  return record({op, {"p", p}}, std::move(y), input(x, back));
}

Variable logsumexp(const Variable& x, const Dims& dims, KeepDim keepdim) {
  static constexpr Op op{"logsumexp", "y = log(sum of e^x)", "dx = dy e^(x - y)"};
  const auto back = [how = Reduction(x, dims), x = save(x)](const Variable& g, const Variable& y) {
    const Variable finite = masked_fill(y, eq(y.value(), -INFINITY), 0);  // else -inf - -inf = NaN
    return pointwise([](auto g, auto x, auto y) { return g * math::exp(x - y); }, how.keep(g), *x,
                     how.keep(finite));
  };
  return record(op, logsumexp(x.value(), dims, keepdim), input(x, back));
}

Variable amax(const Variable& x, const Dims& dims, KeepDim keepdim) {
  static constexpr Op op{"amax", "y = largest of x", "dx = dy [x = y] / number of such x"};
  return extreme(op, x, dims, amax(x.value(), dims, keepdim));
}

Variable amin(const Variable& x, const Dims& dims, KeepDim keepdim) {
  static constexpr Op op{"amin", "y = smallest of x", "dx = dy [x = y] / number of such x"};
  return extreme(op, x, dims, amin(x.value(), dims, keepdim));
}

Variable max(const Variable& x) {
  static constexpr Op op{"max", "y = largest of x", "dx = dy [x = y] / number of such x"};
  return extreme(op, x, {}, max(x.value()));
}

Variable min(const Variable& x) {
  static constexpr Op op{"min", "y = smallest of x", "dx = dy [x = y] / number of such x"};
  return extreme(op, x, {}, min(x.value()));
}

PickedVariable max(const Variable& x, int64_t dim, KeepDim keepdim) {
  static constexpr Op op{"max", "y = x[i], i the place of the largest", "dx[i] = dy"};
  return extreme_along(op, x, dim, max(x.value(), dim, keepdim));
}

PickedVariable min(const Variable& x, int64_t dim, KeepDim keepdim) {
  static constexpr Op op{"min", "y = x[i], i the place of the smallest", "dx[i] = dy"};
  return extreme_along(op, x, dim, min(x.value(), dim, keepdim));
}

Variable cumsum(const Variable& x, int64_t dim) {
  static constexpr Op op{"cumsum", "y_i = x_0 + ... + x_i", "dx_i = dy_i + dy_(i+1) + ..."};
  return record(
      {op, {"dim", double(dim)}}, cumsum(x.value(), dim),
      input(x, [dim](const Variable& g) { return flip(cumsum(flip(g, {dim}), dim), {dim}); }));
}

}  // namespace heed
