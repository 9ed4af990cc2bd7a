#include "heed/autograd/conv.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/index.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/core/conv_plan.h"
#include "heed/core/reduce.h"

namespace heed {
namespace {

/// All windows as the columns of a matrix, then one product.
Variable definition(const Variable& x, const Variable& weight, const Variable& bias,
                    const ConvOptions& options) {
  const auto plan = detail::make_conv_plan(x.shape(), weight.shape(), options);
  const Dims pads = detail::window_pads(plan.plane, x.dim() - 2);
  const Variable padded = pad(x, std::span(pads.begin(), pads.end()));
  const Variable windows =
      index_select(flatten(padded, 2), 2, detail::window_indices(plan.plane));  // (N, C, taps P)
  const Variable columns =
      reshape(windows, {plan.images, plan.groups, plan.taps(), plan.plane.out()});
  const Variable rows = reshape(weight, {plan.groups, plan.out_channels, plan.taps()});
  const Variable y = reshape(matmul(rows, columns), plan.output);  // (N, O, ...)
  if (!bias.defined()) return y;
  Shape shape = Dims::filled(x.dim() - 1, 1);
  shape[0] = bias.size(0);  // (O, 1, ...)
  return y + reshape(bias, shape);
}

Variable recorded(const Op& op, Tensor y, const Variable& x, const Variable& weight,
                  const Variable& bias, const ConvOptions& options) {
  std::vector<Variable> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  const auto define = [options](std::span<const Variable> in) {
    return std::vector{definition(in[0], in[1], in.size() > 2 ? in[2] : Variable(), options)};
  };
  if (!fused()) return define(inputs)[0];
  return record_fused(op, std::span(&y, 1), inputs, define,
                      [options](std::span<const Saved> in, Gradients& gradients) {
                        const Tensor &dy = gradients.outputs[0].value(), &w = in[1].value();
                        const auto& needed = gradients.needed;
                        if (needed[0])
                          gradients.inputs[0] = conv_input_gradient(dy, w, in[0]->shape(), options);
                        if (needed[1])
                          gradients.inputs[1] =
                              conv_weight_gradient(dy, in[0].value(), w.shape(), options);
                        if (in.size() > 2 && needed[2])
                          gradients.inputs[2] = sum(flatten(dy, 2), {0, 2});
                      })[0];
}

}  // namespace

Variable conv1d(const Variable& x, const Variable& weight, const Variable& bias,
                const ConvOptions& options) {
  static constexpr Op op{"conv1d", "y[o, t] = b[o] + sum w[o, c, k] x[c, t s - p + k d]",
                         "dx[c, t s - p + k d] += w dy, dw = sum dy x, db = sum dy"};
  Tensor y = conv1d(x.value(), weight.value(), bias.value(), options);
  return recorded(op, std::move(y), x, weight, bias, options);
}

Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                const ConvOptions& options) {
  static constexpr Op op{"conv2d", "y[o, t] = b[o] + sum w[o, c, k] x[c, t s - p + k d]",
                         "dx[c, t s - p + k d] += w dy, dw = sum dy x, db = sum dy"};
  Tensor y = conv2d(x.value(), weight.value(), bias.value(), options);
  return recorded(op, std::move(y), x, weight, bias, options);
}

}  // namespace heed
