#pragma once

#include <span>
#include <vector>

#include "heed/autograd/variable.h"

namespace heed::optim {

/// Scales all gradients so that their common Euclidean norm is at most max_norm (> 0): by
/// min(1, max_norm / (norm + 1e-6)). Returns the norm before; the same bits for any number of
/// threads. A norm that is NaN or infinite is returned too, and the gradients become NaN or 0 as
/// in PyTorch: look at the result. Parameters without a gradient do not count.
/// Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks".
double clip_grad_norm_(std::span<const NamedVariable> parameters, double max_norm);
double clip_grad_norm_(const std::vector<Variable>& parameters, double max_norm);

/// Clamps every element of every gradient to [-limit, limit], limit >= 0. NaN stays NaN.
void clip_grad_value_(std::span<const NamedVariable> parameters, double limit);
void clip_grad_value_(const std::vector<Variable>& parameters, double limit);

}  // namespace heed::optim
