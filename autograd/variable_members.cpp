// What a Variable can do besides being a value with a node: the shorthands for the engine, writing
// in place, printing.
#include <ostream>

#include "heed/autograd/engine.h"
#include "heed/autograd/misuse.h"
#include "heed/core/elementwise.h"

namespace heed {

void Variable::backward() const { heed::backward(std::span(this, 1)); }

void Variable::backward(const Variable& gradient, bool retain_graph) const {
  heed::backward(std::span(this, 1), std::span(&gradient, 1), {.retain_graph = retain_graph});
}

const Variable& Variable::fill_(Scalar value) const {
  misuse::check_write(*this, "fill_");
  value_.fill_(value);
  return *this;
}

const Variable& Variable::copy_(const Tensor& source) const {
  misuse::check_write(*this, "copy_");
  value_.copy_(source);
  return *this;
}

const Variable& Variable::add_(const Tensor& other, Scalar alpha) const {
  misuse::check_write(*this, "add_");
  heed::add_(value_, other, alpha);
  return *this;
}

const Variable& Variable::mul_(const Tensor& other) const {
  misuse::check_write(*this, "mul_");
  heed::mul_(value_, other);
  return *this;
}

std::string text(const Variable& variable) {
  return variable.defined() ? text(variable.value()) : "(undefined)";
}

std::ostream& operator<<(std::ostream& out, const Variable& variable) {
  return out << text(variable);
}

}  // namespace heed
