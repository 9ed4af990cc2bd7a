#include "heed/autograd/pooling.h"

#include <limits>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/index.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/pooling_plan.h"

namespace heed {
namespace {

/// All windows side by side: (..., taps, windows). `fill` stands in the padding.
Variable windows_of(const Variable& x, const detail::PoolPlan& plan, double fill) {
  const Dims pads = detail::window_pads(plan.plane, plan.spatial);
  const Variable padded = pad(x, std::span(pads.begin(), pads.end()), fill);
  const Variable planes = flatten(padded, x.dim() - plan.spatial);
  const Variable picked = index_select(planes, -1, detail::window_indices(plan.plane));
  Shape shape = picked.shape();
  shape[shape.size() - 1] = plan.plane.taps();
  shape.push_back(plan.plane.out());
  return reshape(picked, shape);
}

Variable max_pool(const Op& op, int spatial, const MaxPoolResult& found, const Variable& x,
                  const Dims& kernel, const PoolOptions& options) {
  const auto define = [=](std::span<const Variable> in) {
    const auto plan = detail::make_pool_plan("max_pool", in[0].shape(), spatial, kernel, options);
    const Variable windows = windows_of(in[0], plan, -std::numeric_limits<double>::infinity());
    return std::vector{reshape(max(windows, -2).values, plan.output)};
  };
  if (!fused()) return define(std::span(&x, 1))[0];
  return record_fused(
      op, std::span(&found.values, 1), std::span(&x, 1), define,
      [spatial, indices = found.indices](std::span<const Saved> in, Gradients& gradients) {
        gradients.inputs[0] =
            max_pool_backward(gradients.outputs[0].value(), indices, in[0]->shape(), spatial);
      })[0];
}

Variable avg_pool(const Op& op, int spatial, const Tensor& y, const Variable& x, const Dims& kernel,
                  const AvgPoolOptions& options) {
  const auto define = [=](std::span<const Variable> in) {
    const auto plan = detail::make_pool_plan("avg_pool", in[0].shape(), spatial, kernel,
                                             {options.stride, options.padding});
    Variable means = mean(windows_of(in[0], plan, 0), {-2});
    if (!options.count_include_pad) {
      const Tensor inside = Tensor::allocate(in[0].shape(), in[0].dtype());
      inside.fill_(1);
      means = means / mean(windows_of(inside, plan, 0), {-2});
    }
    return std::vector{reshape(means, plan.output)};
  };
  if (!fused()) return define(std::span(&x, 1))[0];
  return record_fused(op, std::span(&y, 1), std::span(&x, 1), define,
                      [=](std::span<const Saved> in, Gradients& gradients) {
                        gradients.inputs[0] = avg_pool_backward(
                            gradients.outputs[0].value(), in[0]->shape(), spatial, kernel, options);
                      })[0];
}

}  // namespace

Variable max_pool1d(const Variable& x, const Dims& kernel, const PoolOptions& options) {
  static constexpr Op op{"max_pool1d", "y[t] = max_k x[t s - p + k]", "dx[argmax] += dy"};
  return max_pool(op, 1, max_pool1d(x.value(), kernel, options), x, kernel, options);
}

Variable max_pool2d(const Variable& x, const Dims& kernel, const PoolOptions& options) {
  static constexpr Op op{"max_pool2d", "y[t] = max_k x[t s - p + k]", "dx[argmax] += dy"};
  return max_pool(op, 2, max_pool2d(x.value(), kernel, options), x, kernel, options);
}

Variable avg_pool1d(const Variable& x, const Dims& kernel, const AvgPoolOptions& options) {
  static constexpr Op op{"avg_pool1d", "y[t] = mean_k x[t s - p + k]", "dx[t s - p + k] += dy / n"};
  return avg_pool(op, 1, avg_pool1d(x.value(), kernel, options), x, kernel, options);
}

Variable avg_pool2d(const Variable& x, const Dims& kernel, const AvgPoolOptions& options) {
  static constexpr Op op{"avg_pool2d", "y[t] = mean_k x[t s - p + k]", "dx[t s - p + k] += dy / n"};
  return avg_pool(op, 2, avg_pool2d(x.value(), kernel, options), x, kernel, options);
}

}  // namespace heed
