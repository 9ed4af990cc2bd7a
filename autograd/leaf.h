#pragma once
// internal

#include "heed/autograd/variable.h"

namespace heed::detail {

/// sum += gradient, for a gradient that is still being collected: in place where nobody else sees
/// the numbers.
void add_gradient(Variable& sum, Variable gradient, bool create_graph);

/// Adds a complete gradient to the one that its node keeps. What is kept owns its numbers, so that
/// scaling one gradient in place never changes another. May take the numbers of `gradient`.
void keep_grad(Node& node, Variable& gradient, bool create_graph);

}  // namespace heed::detail
