#include "heed/nn/parameter.h"

#include "heed/autograd/index.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/recording.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/shape.h"

namespace heed::nn {
namespace {

Tensor copy_of(const Tensor& value) { return value.defined() ? clone(value) : Tensor(); }

bool same_shape(const Tensor& a, const Tensor& b) {
  return a.defined() && b.defined() && a.shape() == b.shape();
}

/// Zeros that need no memory.
Tensor stand_in(const Shape& shape, DType dtype) {
  return expand(zeros({1, 1}, {.dtype = dtype}), shape);
}

}  // namespace

Parameter::Parameter(Tensor value) : Variable(std::move(value)) {
  require(defined(), "Parameter: expected numbers, got an empty Tensor");
  require(is_floating(dtype()), "Parameter: expected f32 or f64, got ", dtype());
  requires_grad_();
}

Parameter::Parameter(const Parameter& other)
    : Variable(other.compact() ? stand_in(other.shape(), f32) : copy_of(other.value())) {
  if (!defined()) return;
  requires_grad_();
  requires_grad_(other.requires_grad());
  set_name(other.name());
  if (other.compact()) hold(other.compact_numbers_);
}

Parameter& Parameter::operator=(const Parameter& other) {
  if (this == &other) return *this;
  if (compact() || other.compact() || !same_shape(value(), other.value()))
    return *this = Parameter(other);
  if (dtype() == other.dtype())
    value().copy_(other.value());
  else
    replace(clone(other.value()));
  requires_grad_(other.requires_grad());
  return *this;
}

void Parameter::replace(Tensor value) {
  require(!compact() && same_shape(this->value(), value) && is_floating(value.dtype()),
          "Parameter: replace expects numbers of the same shape, of f32 or f64");
  zero_grad();
  node()->dtype = value.dtype();
  static_cast<Variable&>(*this) = Variable(std::move(value), node());
}

void Parameter::compact_(CompactKind kind) {
  require(!compact(), "Parameter: expected numbers of f32 to make compact, got ",
          compact() ? compact_name(compact()->kind) : "");
  hold(std::make_shared<CompactMatrix>(heed::compact(value(), kind)));
}

void Parameter::hold(std::shared_ptr<const CompactMatrix> matrix) {
  zero_grad();
  requires_grad_(false);
  node()->dtype = u8;
  static_cast<Variable&>(*this) = Variable(stand_in(shape(), u8), node());
  compact_numbers_ = std::move(matrix);
}

Variable linear(const Variable& x, const Parameter& weight, const Variable& bias) {
  const CompactMatrix* compact = weight.compact();
  if (!compact) return heed::linear(x, static_cast<const Variable&>(weight), bias);
  require(!recording() || !(x.requires_grad() || bias.requires_grad()), "linear: a weight of ",
          compact_name(compact->kind),
          " has no gradients: it is for inference, inside NoGrad; train the model before compact_");
  return Variable(heed::linear(x.value(), *compact, bias.value()));
}

Variable embedding(const Parameter& weight, const Tensor& ids, int64_t padding_idx) {
  if (weight.compact()) return Variable(heed::embedding(*weight.compact(), ids));
  return heed::embedding(static_cast<const Variable&>(weight), ids, padding_idx);
}

void detail::require_own_numbers(const Parameter& parameter, const char* op,
                                 const std::string& name) {
  require(!parameter.compact(), op, ": \"", name, "\" is of ",
          parameter.compact() ? compact_name(parameter.compact()->kind) : "",
          ", for inference alone: do this before compact_");
}

Variable widened(const Parameter& weight) {
  return weight.compact() ? Variable(widen(*weight.compact())) : Variable(weight);
}

Buffer::Buffer(const Buffer& other) : Tensor(copy_of(other)) {}

Buffer& Buffer::operator=(const Buffer& other) {
  if (this == &other) return *this;
  if (!same_shape(*this, other) || dtype() != other.dtype()) return *this = Buffer(other);
  copy_(other);
  return *this;
}

}  // namespace heed::nn
