#include "heed/autograd/norm.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/reduce.h"
#include "heed/core/norm.h"

namespace heed {
namespace {

Variable definition(const Variable& x, const Variable& weight, const Variable& bias, double eps) {
  const Variable centred = x - mean(x, {-1}, true);                            // (..., D)
  const Variable variance = var(x, {-1}, {.correction = 0, .keepdim = true});  // (..., 1)
  Variable y = centred * rsqrt(variance + eps);
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

Variable rms_definition(const Variable& x, const Variable& weight, double eps) {
  const Variable y = x * rsqrt(mean(square(x), {-1}, true) + eps);
  return weight.defined() ? y * weight : y;
}

}  // namespace

Variable layer_norm(const Variable& x, const Variable& weight, const Variable& bias, double eps) {
  static constexpr Op op{"layer_norm", "y = (x - mean) / sqrt(var + eps) w + b",
                         "dx = r (g - mean(g) - n mean(g n)), g = dy w, n = (x - mean) r"};
  if (!fused()) return definition(x, weight, bias, eps);

  const LayerNormResult found = layer_norm(x.value(), weight.value(), bias.value(), eps);
  std::vector<Variable> inputs{x};
  if (weight.defined()) inputs.push_back(weight);
  if (bias.defined()) inputs.push_back(bias);
  const size_t has_weight = weight.defined(), has_bias = bias.defined();
  const auto pick = [](const auto& in, size_t i, size_t there) {
    return there ? in[i] : std::decay_t<decltype(in[i])>();
  };
  return record_fused(
      {op, {"eps", eps}}, std::span(&found.y, 1), inputs,
      [=](std::span<const Variable> in) {
        return std::vector{
            definition(in[0], pick(in, 1, has_weight), pick(in, 1 + has_weight, has_bias), eps)};
      },
      [=, mean = found.mean, rstd = found.rstd](std::span<const Saved> in, Gradients& gradients) {
        const LayerNormGradients back =
            layer_norm_backward(gradients.outputs[0].value(), in[0].value(), mean, rstd,
                                pick(in, 1, has_weight)->value());
        gradients.inputs[0] = back.x;
        if (has_weight) gradients.inputs[1] = back.weight;
        if (has_bias) gradients.inputs[1 + has_weight] = back.bias;
      })[0];
}

Variable rms_norm(const Variable& x, const Variable& weight, double eps) {
  static constexpr Op op{"rms_norm", "y = x / sqrt(mean(x^2) + eps) w",
                         "dx = r (g - n mean(g n)), g = dy w, n = x r"};
  if (!fused()) return rms_definition(x, weight, eps);

  const RmsNormResult found = rms_norm(x.value(), weight.value(), eps);
  std::vector<Variable> inputs{x};
  if (weight.defined()) inputs.push_back(weight);
  const bool has_weight = weight.defined();
  return record_fused(
      {op, {"eps", eps}}, std::span(&found.y, 1), inputs,
      [=](std::span<const Variable> in) {
        return std::vector{rms_definition(in[0], has_weight ? in[1] : Variable(), eps)};
      },
      [=, rrms = found.rrms](std::span<const Saved> in, Gradients& gradients) {
        const RmsNormGradients back =
            rms_norm_backward(gradients.outputs[0].value(), in[0].value(), rrms,
                              has_weight ? in[1].value() : Tensor());
        gradients.inputs[0] = back.x;
        if (has_weight) gradients.inputs[1] = back.weight;
      })[0];
}

}  // namespace heed
