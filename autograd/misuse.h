#pragma once
// internal

#include <span>

#include "heed/autograd/variable.h"

/// What can be done wrong with a graph, and what is said about it. Each throws Error.
namespace heed::misuse {

/// Changing a value in place that requires a gradient, while operations are recorded.
void check_write(const Variable& x, const char* op);

/// backward() from values without a graph, or of many elements and without a gradient.
/// Returns the gradients to start from, those given or 1. (This is not an op.)
std::vector<Variable> checked_seeds(std::span<const Variable> outputs,
                                    std::span<const Variable> gradients);

/// A gradient whose shape or dtype is not its value's: `from` sent it to its input (null: the
/// caller of backward).
void check_gradient(const Node& node, int output, const Variable& gradient, const Node* from,
                    size_t input);

/// A hook whose result is not of its value's shape or dtype.
void check_hooked(const Node& node, int output, const Variable& gradient);

/// grad() for inputs that the outputs do not depend on: their result is undefined.
void check_used(std::span<const Variable> inputs, std::span<const Variable> results);

/// A second pass through values that the first one freed.
[[noreturn]] void fail_released(const Node& node);

/// Runs a backward rule; an Error that it throws is given the name of its op, and what the node
/// saved for this last time is freed.
void run_rule(Node& node, Gradients& gradients);

}  // namespace heed::misuse
