#include "heed/nn/loss.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/index.h"
#include "heed/autograd/loss.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"

namespace heed::nn {
namespace {

Variable reduce(const Variable& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::sum ? sum(losses) : mean(losses);
}

/// The losses of rows (N): reduced, the mean by the rows' weights, or in the targets' shape.
Variable reduce_rows(const Variable& losses, const Tensor& weights, const Shape& shape,
                     Reduction reduction) {
  if (reduction == Reduction::none) return reshape(losses, shape);
  if (reduction == Reduction::sum) return sum(losses);
  return sum(losses) / Variable(sum(weights));
}

void check_same(const char* op, const Variable& prediction, const Variable& target) {
  require(prediction.shape() == target.shape(), op,
          ": prediction and target must have the same shape, got ", prediction.shape(), " and ",
          target.shape(), "; nothing is broadcast here, reshape one of them");
  require(prediction.dtype() == target.dtype(), op, ": the prediction is ", prediction.dtype(),
          ", the target ", target.dtype(), "; convert it with to(target, ", prediction.dtype(),
          ")");
}

void check_classes(const char* op, const Variable& logits, const Tensor& targets,
                   const Tensor& weight) {
  require(targets.dtype() == i64, op, ": targets are the numbers of classes, i64, got ",
          targets.dtype());
  require(logits.dim() >= 1, op, ": expected (..., C), got ", logits.shape());
  Shape rows = logits.shape();
  rows.erase(rows.size() - 1);
  Shape second = logits.shape();  // without the dimension where PyTorch has the classes
  if (logits.dim() > 2) second.erase(1);
  require(rows == targets.shape(), op, ": the classes are the last dimension: (..., C) goes with ",
          "targets (...); got ", logits.shape(), " with ", targets.shape(),
          second == targets.shape() ? "; (B, C, T) is given as transpose(logits, 1, 2)" : "");
  require(!weight.defined() ||
              (weight.shape() == Shape{logits.size(-1)} && weight.dtype() == logits.dtype()),
          op, ": expected a weight for each of ", logits.size(-1), " classes of ", logits.dtype(),
          ", got ", weight.defined() ? weight.shape() : Shape{}, " of ",
          weight.defined() ? weight.dtype() : logits.dtype());
}

/// (..., C) -> (N, C)
Variable as_rows(const Variable& x, const Tensor& targets) {
  return reshape(x, {targets.numel(), x.size(-1)});
}

}  // namespace

Variable cross_entropy(const Variable& logits, const Tensor& targets,
                       const CrossEntropyOptions& options) {
  check_classes("cross_entropy", logits, targets, options.weight);
  const auto [losses, weights] =
      cross_entropy_rows(as_rows(logits, targets), flatten(targets),
                         {options.ignore_index, options.label_smoothing, options.weight});  // (N)
  return reduce_rows(losses, weights, targets.shape(), options.reduction);
}

Variable nll_loss(const Variable& log_probs, const Tensor& targets, const NllOptions& options) {
  check_classes("nll_loss", log_probs, targets, options.weight);
  const Tensor rows = flatten(targets);                                   // (N)
  const Tensor ignored = eq(rows, options.ignore_index);                  // (N)
  const Tensor known = unsqueeze(masked_fill(rows, ignored, 0), 1);       // (N, 1)
  const Variable picked = gather(as_rows(log_probs, targets), 1, known);  // (N, 1)
  const Tensor weight = options.weight.defined()
                            ? index_select(options.weight, 0, squeeze(known, 1))
                            : ones(rows.shape(), {.dtype = log_probs.dtype()});
  const Tensor weights = masked_fill(weight, ignored, 0);  // (N)
  const Variable losses = masked_fill(-squeeze(picked, 1) * Variable(weights), ignored, 0);
  return reduce_rows(losses, weights, targets.shape(), options.reduction);
}

Variable mse_loss(const Variable& prediction, const Variable& target, Reduction reduction) {
  check_same("mse_loss", prediction, target);
  return reduce(square(prediction - target), reduction);
}

Variable l1_loss(const Variable& prediction, const Variable& target, Reduction reduction) {
  check_same("l1_loss", prediction, target);
  return reduce(abs(prediction - target), reduction);
}

Variable binary_cross_entropy_with_logits(const Variable& logits, const Variable& target,
                                          const BceOptions& options) {
  static constexpr const char* op = "binary_cross_entropy_with_logits";
  check_same(op, logits, target);
  // -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x): nothing cancels
  const Variable positive = target * softplus(-logits), negative = (1 - target) * softplus(logits);
  if (!options.pos_weight.defined()) return reduce(positive + negative, options.reduction);
  require(broadcast_shapes(logits.shape(), options.pos_weight.shape(), op) == logits.shape(), op,
          ": pos_weight ", options.pos_weight.shape(), " does not broadcast to the logits ",
          logits.shape());
  return reduce(Variable(options.pos_weight) * positive + negative, options.reduction);
}

Variable hinge_loss(const Variable& score, const Tensor& target, Reduction reduction) {
  check_same("hinge_loss", score, target);
  const Tensor valid = logical_or(eq(target, 1), eq(target, -1));
  require(all(valid).item<bool>(), "hinge_loss: every target must be -1 or 1");
  return reduce(relu(1 - Variable(target) * score), reduction);
}

}  // namespace heed::nn
