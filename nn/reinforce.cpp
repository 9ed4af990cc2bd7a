#include "heed/nn/reinforce.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/core/convert.h"
#include "heed/core/shape.h"

namespace heed::nn {
namespace {

/// The sum of each step and all that follow: (B, T) in f64.
Tensor from_here(const Tensor& x) { return flip(cumsum(flip(to(x, f64), {1}), 1), {1}); }

/// Of each column, the sum over the other rows.
Tensor of_others(const Tensor& x) { return sum(x, {0}, true) - x; }

}  // namespace

Variable reinforce_loss(const Variable& log_p, const Tensor& costs, const Tensor& counted) {
  require(log_p.dim() == 2 && costs.shape() == log_p.shape() && counted.shape() == log_p.shape(),
          "reinforce_loss: expected log_p, costs and counted of one shape (batch, steps), got ",
          log_p.shape(), ", ", costs.shape(), " and ", counted.shape());
  require(counted.dtype() == u8, "reinforce_loss: expected counted of u8, got ", counted.dtype());
  const Tensor cost = from_here(where(counted, to(costs, f64), 0.0));  // (B, T)
  const Tensor steps = from_here(counted);
  const Tensor other_steps = of_others(steps);
  const Tensor baseline =
      where(other_steps > 0, steps * of_others(cost) / maximum(other_steps, 1), 0.0);
  const Tensor all = maximum(sum(to(counted, f64)), 1);
  const Tensor advantage = to(where(steps > 0, (cost - baseline) / all, 0.0), log_p.dtype());
  const Variable term = sum(log_p * Variable(advantage));
  return term - term.detach();
}

}  // namespace heed::nn
