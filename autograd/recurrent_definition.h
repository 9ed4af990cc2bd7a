#pragma once
// internal

#include <span>
#include <vector>

#include "heed/autograd/variable.h"
#include "heed/core/recurrent.h"

/// The recurrent cells in primitive differentiable ops: what the fused kernels must equal.
/// inputs: x, h_0, c_0, w_ih, w_hh, b_ih, b_hh; states and biases may be undefined.
namespace heed::detail {

/// One step: {h'} or {h', c'}, from x (B, I).
std::vector<Variable> define_step(RecurrentKind kind, std::span<const Variable> inputs);

/// The walk: {output, h_n} or {output, h_n, c_n}, from x (B, T, I). walk.weight_hh is not read.
std::vector<Variable> define_walk(const RecurrentWalk& walk, std::span<const Variable> inputs);

}  // namespace heed::detail
