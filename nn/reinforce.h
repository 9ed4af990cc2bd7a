#pragma once

#include "heed/autograd/variable.h"

namespace heed::nn {

/// What trains choices that were drawn at random. log_p (B, T) is the log-probability of the choice
/// of each step, costs (B, T) what each step cost with it (the cross entropy of its token), counted
/// (B, T) u8 which steps count. The result is a number of value 0, to be added to the mean of the
/// counted costs; its gradient with N counted steps is
///   1/N sum_bt (C_bt - b_bt) d log_p_bt,   C_bt = costs_bt + costs_b,t+1 + ... ,
/// whose expectation is the gradient of the mean cost, because a choice changes no earlier cost.
/// The baseline b_bt is what the same number of steps costs in the other sequences of the batch
/// from step t on, which the choices of row b do not change: it lowers the variance and leaves the
/// expectation. (Xu et al. take a running mean over batches, which needs a state.)
/// Williams 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement
/// learning"; Xu et al. 2015, "Show, attend and tell", section 4.1, eq. 11.
Variable reinforce_loss(const Variable& log_p, const Tensor& costs, const Tensor& counted);

}  // namespace heed::nn
