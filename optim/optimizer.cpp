#include "heed/optim/optimizer.h"

#include <cmath>

#include "heed/core/convert.h"
#include "heed/core/creation.h"

namespace heed::optim {

void Optimizer::check_lr(const char* what, double value) const {
  require(std::isfinite(value) && value >= 0, type_, ": ", what,
          " must be finite and not negative, got ", value);
}

void Optimizer::add_group(std::vector<NamedVariable> parameters, double lr,
                          std::vector<Memory> memory) {
  check_lr("lr", lr);
  require(!parameters.empty(), type_, ": group ", groups_.size(), " has no parameters");
  groups_.push_back({lr, std::move(memory)});
  for (NamedVariable& parameter : parameters) add(std::move(parameter));
}

void Optimizer::add(NamedVariable parameter) {
  const auto& [name, variable] = parameter;
  require(!name.empty(), type_, ": every parameter needs a name; one has none");
  require(variable.defined(), type_, ": parameter \"", name, "\" is an empty Variable");
  require(variable.is_leaf(), type_, ": \"", name, "\" was computed by '",
          variable.node() ? variable.node()->op.name : "", "'; only leaves can be optimised");
  require(bool(variable.node()), type_, ": \"", name,
          "\" is a constant: call requires_grad_() on it");
  require(is_floating(variable.dtype()), type_, ": \"", name, "\" is ", variable.dtype(),
          ": parameters are f32 or f64, compact ones are for inference");
  require(variable.value().is_contiguous(), type_, ": \"", name,
          "\" is a view whose elements do not lie in rows; optimise a contiguous() copy");
  for (const Slot& slot : slots_) {
    require(slot.parameter.name != name, type_, ": two parameters are called \"", name, "\"");
    require(slot.parameter.variable.node() != variable.node(), type_, ": \"", name, "\" and \"",
            slot.parameter.name, "\" are the same parameter");
  }
  slots_.push_back({std::move(parameter), groups_.size() - 1});
}

std::vector<NamedVariable> numbered(const std::vector<Variable>& parameters) {
  std::vector<NamedVariable> named;
  for (const Variable& p : parameters)
    named.push_back({p.name().empty() ? std::to_string(named.size()) : p.name(), p});
  return named;
}

void Optimizer::step() {
  for (const Slot& slot : slots_) {
    const auto& [name, variable] = slot.parameter;
    require(variable.dtype() == variable.node()->dtype, type_, ": parameter \"", name, "\" is ",
            variable.node()->dtype, " now and was ", variable.dtype(),
            " when this optimiser was made: make optimisers after Module::to");
  }
  for (Slot& slot : slots_) {
    const Variable& variable = slot.parameter.variable;
    if (!variable.requires_grad() || !variable.grad().defined()) continue;
    if (slot.memory.empty())
      for (const Memory& memory : groups_[slot.group].memory)
        slot.memory.push_back(full_like(variable.value(), memory.initial));
    ++slot.steps;
    update(slot, contiguous(variable.grad().value()), lr(slot.group));
  }
}

void Optimizer::zero_grad() {
  for (const Slot& slot : slots_) slot.parameter.variable.zero_grad();
}

double Optimizer::lr(size_t group) const {
  require(group < groups_.size(), type_, ": there is no group ", group, " of ", groups_.size());
  return groups_[group].lr * lr_factor_;
}

void Optimizer::set_lr(double lr) {
  check_lr("lr", lr);
  for (Group& group : groups_) group.lr = lr;
}

void Optimizer::set_lr(size_t group, double lr) {
  check_lr("lr", lr);
  require(group < groups_.size(), type_, ": there is no group ", group, " of ", groups_.size());
  groups_[group].lr = lr;
}

void Optimizer::set_lr_factor(double factor) {
  check_lr("the factor of lr", factor);
  lr_factor_ = factor;
}

std::vector<NamedVariable> Optimizer::parameters() const {
  std::vector<NamedVariable> list;
  for (const Slot& slot : slots_) list.push_back(slot.parameter);
  return list;
}

}  // namespace heed::optim
