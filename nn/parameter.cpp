#include "heed/nn/parameter.h"

#include "heed/core/convert.h"

namespace heed::nn {
namespace {

Tensor copy_of(const Tensor& value) { return value.defined() ? clone(value) : Tensor(); }

bool same_shape(const Tensor& a, const Tensor& b) {
  return a.defined() && b.defined() && a.shape() == b.shape();
}

}  // namespace

Parameter::Parameter(Tensor value) : Variable(std::move(value)) {
  require(defined(), "Parameter: expected numbers, got an empty Tensor");
  require(is_floating(dtype()), "Parameter: expected f32 or f64, got ", dtype());
  requires_grad_();
}

Parameter::Parameter(const Parameter& other) : Variable(copy_of(other.value())) {
  if (!defined()) return;
  requires_grad_();
  requires_grad_(other.requires_grad());
  set_name(other.name());
}

Parameter& Parameter::operator=(const Parameter& other) {
  if (this == &other) return *this;
  if (!same_shape(value(), other.value())) return *this = Parameter(other);
  if (dtype() == other.dtype())
    value().copy_(other.value());
  else
    replace(clone(other.value()));
  requires_grad_(other.requires_grad());
  return *this;
}

void Parameter::replace(Tensor value) {
  require(same_shape(this->value(), value) && is_floating(value.dtype()),
          "Parameter: replace expects numbers of the same shape, of f32 or f64");
  zero_grad();
  node()->dtype = value.dtype();
  static_cast<Variable&>(*this) = Variable(std::move(value), node());
}

Buffer::Buffer(const Buffer& other) : Tensor(copy_of(other)) {}

Buffer& Buffer::operator=(const Buffer& other) {
  if (this == &other) return *this;
  if (!same_shape(*this, other) || dtype() != other.dtype()) return *this = Buffer(other);
  copy_(other);
  return *this;
}

}  // namespace heed::nn
