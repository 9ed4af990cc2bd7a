#pragma once

#include "heed/autograd/variable.h"

/// Losses. A prediction and its target must have the same shape: nothing is broadcast, because
/// (N, 1) against (N) would silently compare every prediction with every target.
namespace heed::nn {

/// What becomes of the losses of single elements or rows: their mean, their sum, or all of them.
enum class Reduction { mean, sum, none };

struct CrossEntropyOptions {
  int64_t ignore_index = -100;  ///< targets with this number cost nothing and get no gradient
  double label_smoothing = 0;   ///< in [0, 1]: this share of the target goes to all classes alike
  Tensor weight = {};           ///< (C) of the logits' dtype: how much each class counts
  Reduction reduction = Reduction::mean;
};

/// -log softmax(logits)[target]: logits (..., C), targets (...) of i64 in [0, C) -> (), or (...)
/// without reduction. **The classes are the last dimension**, for (N, C) as for (B, T, C); PyTorch
/// has them second, so what is (B, C, T) there comes as transpose(logits, 1, 2).
///
/// With label smoothing s and class weights w each target y costs
///   -(1 - s) w_y log p_y - s / C sum_c w_c log p_c
/// and the mean divides by the sum of w_y over the targets that are not ignored. When all are
/// ignored the mean is 0 / 0 = NaN, as in PyTorch.
/// Szegedy et al. 2016, "Rethinking the Inception architecture", section 7 (label smoothing).
Variable cross_entropy(const Variable& logits, const Tensor& targets,
                       const CrossEntropyOptions& options = {});

struct NllOptions {
  int64_t ignore_index = -100;
  Tensor weight = {};  ///< (C)
  Reduction reduction = Reduction::mean;
};

/// -w_y log_probs[y]: the same from logarithms of probabilities, (..., C) with targets (...).
Variable nll_loss(const Variable& log_probs, const Tensor& targets, const NllOptions& options = {});

/// (prediction - target)^2
Variable mse_loss(const Variable& prediction, const Variable& target,
                  Reduction reduction = Reduction::mean);

/// |prediction - target|
Variable l1_loss(const Variable& prediction, const Variable& target,
                 Reduction reduction = Reduction::mean);

struct BceOptions {
  Tensor pos_weight = {};  ///< broadcast to the logits: how much a target of 1 counts
  Reduction reduction = Reduction::mean;
};

/// -p t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) for targets t in [0, 1] and pos_weight p,
/// without overflow for any x.
Variable binary_cross_entropy_with_logits(const Variable& logits, const Variable& target,
                                          const BceOptions& options = {});

/// max(0, 1 - target score) for targets of -1 and 1: the loss of support vector machines.
/// Throws Error for other targets.
Variable hinge_loss(const Variable& score, const Tensor& target,
                    Reduction reduction = Reduction::mean);

}  // namespace heed::nn
