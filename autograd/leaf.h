#pragma once
// internal

#include "heed/autograd/variable.h"

namespace heed::detail {

/// sum += gradient, for a gradient that is still being collected: in place where nobody else sees
/// the numbers.
void add_gradient(Variable& sum, Variable gradient, bool create_graph);

/// The gradients of a node's outputs are complete: its hooks see them and may change them. With
/// `accumulate` the first is added to the one that the node keeps, if it does. What is kept owns
/// its numbers, so that scaling one gradient in place never changes another; it may take those of
/// the gradient that was added.
void finish_gradients(Node& node, std::span<Variable> gradients, bool accumulate,
                      bool create_graph);

}  // namespace heed::detail
