#include "heed/autograd/loss.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/index.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"

namespace heed {
namespace {

Variable definition(const Variable& logits, const Tensor& targets,
                    const CrossEntropyOptions& options) {
  const int64_t classes = logits.size(1);
  const Tensor ignored = eq(targets, options.ignore_index);             // (N)
  const Tensor known = unsqueeze(masked_fill(targets, ignored, 0), 1);  // (N, 1)
  const Tensor weight =
      options.weight.defined() ? options.weight : ones({classes}, {.dtype = logits.dtype()});
  const double smooth = options.label_smoothing;

  const Variable weighted = log_softmax(logits, 1) * Variable(weight);  // (N, C)
  const Variable target = squeeze(gather(weighted, 1, known), 1);       // (N)
  Variable loss = target * (smooth - 1);                                // (N)
  // Without smoothing the other classes are not looked at: 0 times log 0 would be NaN.
  if (smooth > 0) loss = loss - sum(weighted, {1}) * (smooth / double(classes));
  return masked_fill(loss, ignored, 0);
}

}  // namespace

CrossEntropyRows cross_entropy_rows(const Variable& logits, const Tensor& targets,
                                    const CrossEntropyOptions& options) {
  static constexpr Op op{"cross_entropy", "y = -log softmax(x)[target]",
                         "dx = dy (softmax(x) - one_hot(target))"};
  const CrossEntropyResult found = cross_entropy_rows(logits.value(), targets, options);
  if (!fused()) return {definition(logits, targets, options), found.weights};
  const Saved wanted{Variable(targets)}, weight{Variable(options.weight)};
  const auto rows = record_fused(
      {op, {"label_smoothing", options.label_smoothing}}, std::span(&found.loss, 1),
      std::span(&logits, 1),
      [=](std::span<const Variable> in) {
        *weight;  // throws where it was changed
        return std::vector{definition(in[0], wanted.value(), options)};
      },
      [=, lse = found.lse](std::span<const Saved> in, Gradients& gradients) {
        *weight;
        const Tensor& x = in[0].value();
        gradients.inputs[0] =
            cross_entropy_rows_backward(gradients.outputs[0].value(), x, wanted.value(), lse,
                                        options, gradients.last && x.is_unique());
      });
  return {rows[0], found.weights};
}

}  // namespace heed
