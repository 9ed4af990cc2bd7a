// Where gradients stay (leaves, and other values after retain_grad), and who is told.
#include "heed/autograd/leaf.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/misuse.h"
#include "heed/core/convert.h"

namespace heed {
namespace {

constexpr Op leaf_op{"leaf", "x", "x.grad += dx"};

/// The end of a path: where gradients are accumulated.
struct Leaf final : Node {
  Leaf(const Shape& shape, DType dtype) : Node(leaf_op, shape, dtype) {
    is_leaf = true;
    kept = std::make_unique<Variable>();
  }
  std::span<const Edge> edges() const override { return {}; }
  void backward(Gradients&) override {}
  std::string name;
};

/// May numbers be written to? An expanded gradient has several elements in one place.
bool owned(const Tensor& x) { return x.is_unique() && x.is_contiguous(); }

/// Adds a complete gradient to the one that its node keeps.
void keep_grad(Node& node, Variable& gradient, bool create_graph) {
  Variable& total = *node.kept;
  if (create_graph)
    total = total.defined() ? total + gradient : gradient;
  else if (total.defined() && total.value().is_contiguous())
    add_(total.value(), gradient.value());
  else if (total.defined())
    total = Variable(total.value() + gradient.value());  // set by hand, perhaps expanded
  else if (node.is_leaf && owned(gradient.value()) && gradient.value().is_whole())
    total = std::move(gradient);
  else
    total = Variable(clone(gradient.value()));
}

const Variable none;
const std::string no_name;

}  // namespace

void detail::add_gradient(Variable& sum, Variable gradient, bool create_graph) {
  if (!sum.defined())
    sum = std::move(gradient);
  else if (!create_graph && owned(sum.value()))
    add_(sum.value(), gradient.value());
  else
    sum = sum + gradient;
}

void detail::finish_gradients(Node& node, std::span<Variable> gradients, bool accumulate,
                              bool create_graph) {
  for (size_t i = 0; i < node.hooks.size(); ++i) {
    const auto [output, hook] = node.hooks[i];  // copied: a hook may register another one
    Variable& gradient = gradients[size_t(output)];
    if (!gradient.defined()) continue;
    if (Variable changed = hook(gradient); changed.defined()) {
      misuse::check_hooked(node, output, changed);
      gradient = std::move(changed);
    }
  }
  if (accumulate && node.kept && gradients[0].defined())
    keep_grad(node, gradients[0], create_graph);
}

Variable& Variable::requires_grad_(bool requires_grad) {
  require(defined(), "requires_grad_: this Variable is empty");
  if (!is_leaf())
    fail("requires_grad_: only a leaf can be switched; this value was computed by '",
         node_->op.name, "'. Use detach() first.");
  require(!requires_grad || is_floating(dtype()),
          "requires_grad_: only f32 and f64 have gradients, this value is ", dtype());
  if (!node_ && requires_grad) node_ = make_node<Leaf>(shape(), dtype());
  if (node_) node_->active = requires_grad;
  return *this;
}

const Variable& Variable::grad() const { return node_ && node_->kept ? *node_->kept : none; }

void Variable::set_grad(Variable gradient) const {
  if (!gradient.defined() && !node_) return;
  require(node_ && node_->kept, "set_grad: this value keeps no gradient");
  if (gradient.defined())
    require(gradient.shape() == shape() && gradient.dtype() == dtype(), "set_grad: expected shape ",
            shape(), " of ", dtype(), ", got ", gradient.shape(), " of ", gradient.dtype());
  *node_->kept = std::move(gradient);
}

void Variable::retain_grad() const {
  require(requires_grad(), "retain_grad: this value requires no gradient");
  require(output_ == 0, "retain_grad: only the first output of '", node_->op.name, "' can do this");
  if (!node_->kept) node_->kept = std::make_unique<Variable>();
}

void Variable::register_hook(Hook hook) const {
  require(requires_grad(), "register_hook: this value requires no gradient");
  node_->hooks.emplace_back(output_, std::move(hook));
}

const std::string& Variable::name() const {
  return node_ && node_->is_leaf ? static_cast<const Leaf&>(*node_).name : no_name;
}

void Variable::set_name(std::string name) const {
  if (node_ && node_->is_leaf) static_cast<Leaf&>(*node_).name = std::move(name);
}

}  // namespace heed
