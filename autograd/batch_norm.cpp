#include "heed/autograd/batch_norm.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/batch_norm.h"
#include "heed/core/map.h"

namespace heed {
namespace {

/// (C) as (C, 1, ...), which broadcasts to x (N, C, ...).
Variable channels(const Variable& v, const Variable& x) {
  Shape shape = Dims::filled(x.dim() - 1, 1);
  shape[0] = v.numel();
  return reshape(v, shape);
}

Variable scaled(const Variable& unit, const Variable& weight, const Variable& bias) {
  const Variable y = weight.defined() ? unit * channels(weight, unit) : unit;
  return bias.defined() ? y + channels(bias, unit) : y;
}

/// y = x a + b in one pass over x.
Variable scale_shift(const Variable& x, const Variable& a, const Variable& b) {
  static constexpr Op op{"scale_shift", "y = x a + b", "dx = dy a, da = dy x, db = dy", true};
  const Tensor y = dispatch_floating(x.dtype(), "batch_norm", [&](auto t) {
    using T = decltype(t);
    return detail::map<T, T, T, T>(
        "batch_norm", [](T x, T a, T b) { return x * a + b; }, x.value(), a.value(), b.value());
  });
  return record(op, y, input(x, [a = save(a)](const Variable& g) { return g * *a; }),
                input(a, [x = save(x)](const Variable& g) { return g * *x; }),
                input(b, [](const Variable& g) { return g; }));
}

Variable definition(const Variable& x, const Variable& weight, const Variable& bias, double eps) {
  Dims others{0};
  for (int i = 2; i < x.dim(); ++i) others.push_back(i);
  const Variable centred = x - mean(x, others, true);
  const Variable variance = var(x, others, {.correction = 0, .keepdim = true});  // (1, C, 1, ...)
  return scaled(centred * rsqrt(variance + eps), weight, bias);
}

}  // namespace

BatchNormOutput batch_norm(const Variable& x, const Variable& weight, const Variable& bias,
                           double eps) {
  static constexpr Op op{"batch_norm", "y = (x - mean) / sqrt(var + eps) w + b",
                         "dx = w r (dy - mean(dy) - n mean(dy n)), n = (x - mean) r"};
  const BatchNormResult found = batch_norm(x.value(), weight.value(), bias.value(), eps);
  if (!fused()) return {definition(x, weight, bias, eps), found.mean, found.var};

  std::vector<Variable> inputs{x};
  if (weight.defined()) inputs.push_back(weight);
  if (bias.defined()) inputs.push_back(bias);
  const size_t has_weight = weight.defined(), has_bias = bias.defined();
  const auto pick = [](const auto& in, size_t i, size_t there) {
    return there ? in[i] : std::decay_t<decltype(in[i])>();
  };
  const auto y = record_fused(
      {op, {"eps", eps}}, std::span(&found.y, 1), inputs,
      [=](std::span<const Variable> in) {
        return std::vector{
            definition(in[0], pick(in, 1, has_weight), pick(in, 1 + has_weight, has_bias), eps)};
      },
      // The caller gets the same mean, and may write to it.
      [=, mean = save(found.mean), rstd = found.rstd](std::span<const Saved> in,
                                                      Gradients& gradients) {
        const BatchNormGradients back =
            batch_norm_backward(gradients.outputs[0].value(), in[0].value(), mean.value(), rstd,
                                pick(in, 1, has_weight)->value());
        gradients.inputs[0] = back.x;
        if (has_weight) gradients.inputs[1] = back.weight;
        if (has_bias) gradients.inputs[1 + has_weight] = back.bias;
      });
  return {y[0], found.mean, found.var};
}

Variable batch_norm(const Variable& x, const Tensor& mean, const Tensor& var,
                    const Variable& weight, const Variable& bias, double eps) {
  require(x.dim() >= 2 && mean.shape() == Shape{x.size(1)} && var.shape() == mean.shape(),
          "batch_norm: mean ", mean.shape(), " and variance ", var.shape(), " do not fit x ",
          x.shape());
  require(x.dtype() == mean.dtype() && x.dtype() == var.dtype(), "batch_norm: dtypes differ: x ",
          x.dtype(), ", mean ", mean.dtype(), ", variance ", var.dtype());
  const Tensor rstd = rsqrt(add(var, eps));
  const Variable scale = weight.defined() ? weight * rstd : rstd, centre = scale * mean;
  const Variable shift = bias.defined() ? bias - centre : -centre;
  return scale_shift(x, channels(scale, x), channels(shift, x));
}

}  // namespace heed
