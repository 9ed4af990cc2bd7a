#pragma once

#include <iosfwd>
#include <string>

#include "heed/autograd/node.h"
#include "heed/core/tensor.h"

namespace heed {

/// A tensor that remembers how it was made: a value and a share of the graph node that computed it.
/// A Variable is a handle; copies share value, node and gradient. A Tensor converts to a constant.
class Variable {
 public:
  Variable() = default;
  Variable(Tensor value) : value_(std::move(value)) {}  // NOLINT: a constant
  Variable(Tensor value, NodeRef node, int output = 0)
      : value_(std::move(value)), node_(std::move(node)), output_(output) {}

  bool defined() const { return value_.defined(); }
  const Tensor& value() const { return value_; }
  const Shape& shape() const { return value_.shape(); }
  int64_t size(int64_t dim) const { return value_.size(dim); }
  int dim() const { return value_.dim(); }
  int64_t numel() const { return value_.numel(); }
  DType dtype() const { return value_.dtype(); }
  template <class T = double>
  T item() const {
    return value_.item<T>();
  }

  bool requires_grad() const { return node_ && node_->active; }
  bool is_leaf() const { return !node_ || node_->is_leaf; }
  /// Makes a leaf whose gradient backward() accumulates (or stops doing so). A value that an op
  /// computed is refused: use detach().
  Variable& requires_grad_(bool requires_grad = true);

  /// The accumulated gradient: of a leaf, or of a value after retain_grad(). Undefined before.
  const Variable& grad() const;
  void set_grad(Variable gradient) const;
  void zero_grad() const { set_grad({}); }
  void retain_grad() const;
  /// Calls the hook with this value's gradient when it is complete; its result replaces it.
  void register_hook(Hook hook) const;

  /// Accumulates d this / d leaf in every leaf that this value depends on. Without a gradient this
  /// value must have one element. retain_graph keeps what is saved, for a second backward.
  void backward() const;
  void backward(const Variable& gradient, bool retain_graph = false) const;

  /// The same value, a constant for autograd. Shares the numbers.
  Variable detach() const { return Variable(value_); }
  /// x[i], recorded: (N, ...) -> (...).
  Variable operator[](int64_t index) const;

  // Writes in place. Refused while recording for whatever requires a gradient.
  const Variable& fill_(Scalar value) const;
  const Variable& copy_(const Tensor& source) const;
  const Variable& add_(const Tensor& other, Scalar alpha = 1) const;  ///< this += alpha other
  const Variable& mul_(const Tensor& other) const;

  /// The dotted name of a parameter once its model is named; errors mention it.
  const std::string& name() const;
  void set_name(std::string name) const;

  const NodeRef& node() const { return node_; }
  int output() const { return output_; }

 private:
  Tensor value_;
  NodeRef node_;
  int output_ = 0;
};

/// A leaf with its name, as modules list them and optimisers take them.
struct NamedVariable {
  std::string name;
  Variable variable;
};

std::string text(const Variable& variable);
std::ostream& operator<<(std::ostream& out, const Variable& variable);

}  // namespace heed
