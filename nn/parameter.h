#pragma once

#include <memory>
#include <optional>

#include "heed/autograd/variable.h"
#include "heed/core/compact.h"

namespace heed::nn {

/// A Variable that owns its numbers: a leaf that requires a gradient, as a module's weight.
///
/// Copying a Parameter copies its numbers; converting it to Variable shares them. So a copy of a
/// module is independent of the module, while ops, optimisers and state dicts see the real thing.
/// Assigning writes into the numbers that are there where the shapes agree, so that an optimiser
/// made for this parameter stays right.
class Parameter : public Variable {
 public:
  /// No numbers yet; modules refuse to list such a parameter.
  Parameter() = default;
  /// Takes the tensor as its numbers. Throws Error unless f32 or f64.
  explicit Parameter(Tensor value);

  /// Numbers, name and whether a gradient is required; a gradient is not copied.
  Parameter(const Parameter& other);
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(const Parameter& other);
  Parameter& operator=(Parameter&&) noexcept = default;
  /// `head.weight = table.weight` would copy the numbers, where PyTorch ties the two. To tie, use
  /// the one parameter in both places and list it under both names; to copy the numbers,
  /// `head.weight.value().copy_(table.weight.value())`. (Copies of modules take the one above.)
  Parameter& operator=(Parameter&) = delete;

  /// Takes numbers of the same shape in place of its own; it remains the same leaf, without a
  /// gradient. Variables made from it before keep the old numbers: an optimiser says so.
  void replace(Tensor value);

  /// Gives up its numbers for a compact copy of them, from then on a constant for nn::linear and
  /// nn::embedding alone: value() is a stand-in of u8 in its shape, which no other op takes. Copies
  /// share the compact numbers. Throws Error unless it is a matrix of f32.
  void compact_(CompactKind kind);
  /// nullptr where it has its numbers.
  const CompactMatrix* compact() const { return compact_numbers_.get(); }

 private:
  void hold(std::shared_ptr<const CompactMatrix> matrix);

  std::shared_ptr<const CompactMatrix> compact_numbers_;
};

/// heed::linear and heed::embedding; of a compact weight too, but not while recording for an x or a
/// bias that requires a gradient: Error.
Variable linear(const Variable& x, const Parameter& weight, const Variable& bias = {});
Variable embedding(const Parameter& weight, const Tensor& ids, int64_t padding_idx = -1);

/// The parameter, or the numbers that its compact ones stand for, made anew each time.
Variable widened(const Parameter& weight);

namespace detail {

/// Throws Error "op: ..." where the parameter of that name is compact.
void require_own_numbers(const Parameter& parameter, const char* op, const std::string& name);

}  // namespace detail

/// The parameter as an op's optional argument: an empty Variable where there is none.
inline Variable or_none(const std::optional<Parameter>& parameter) {
  return parameter ? Variable(*parameter) : Variable();
}

/// A Tensor that owns its numbers likewise: part of a module's state, but not trained.
class Buffer : public Tensor {
 public:
  Buffer() = default;
  explicit Buffer(Tensor value) : Tensor(std::move(value)) {}

  Buffer(const Buffer& other);
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(const Buffer& other);
  Buffer& operator=(Buffer&&) noexcept = default;
};

}  // namespace heed::nn
