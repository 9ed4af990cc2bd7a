// Optimizer::state and load_state.
#include <cmath>
#include <map>

#include "heed/core/convert.h"
#include "heed/optim/optimizer.h"

namespace heed::optim {
namespace {

/// The entries of a state, looked up by name, with all that is wrong with them.
class Reader {
 public:
  explicit Reader(const OptimizerState& state) {
    for (const auto& [name, value] : state.scalars)
      if (!scalars_.emplace(name, value).second) wrong(name, "stands in the state twice");
    for (const auto& [name, value] : state.tensors)
      if (!tensors_.emplace(name, value).second) wrong(name, "stands in the state twice");
  }

  double scalar(const std::string& name, bool whole = false) {
    const auto entry = scalars_.extract(name);
    if (entry.empty()) return wrong(name, "is missing"), 0;
    const double value = entry.mapped();
    if (!std::isfinite(value) || value < 0 || (whole && value != std::floor(value)))
      wrong(name, "cannot be " + text(value));
    return value;
  }

  /// A copy of the tensor; it must be like the parameter.
  Tensor tensor(const std::string& name, const Tensor& parameter) {
    const auto entry = tensors_.extract(name);
    if (entry.empty() || !entry.mapped().defined()) return wrong(name, "is missing"), Tensor();
    const Tensor& value = entry.mapped();
    if (value.shape() != parameter.shape() || value.dtype() != parameter.dtype())
      wrong(name, "is " + text(value.dtype()) + " " + text(value.shape()) + ", expected " +
                      text(parameter.dtype()) + " " + text(parameter.shape()));
    return clone(value);
  }

  /// All that is wrong, once everything that is known has been read.
  const std::string& finish() {
    for (const auto& [name, value] : scalars_) wrong(name, "is not expected");
    for (const auto& [name, value] : tensors_) wrong(name, "is not expected");
    return errors_;
  }

 private:
  void wrong(const std::string& name, const std::string& what) {
    errors_ += (errors_.empty() ? " " : "; ") + name + " " + what;
  }

  std::map<std::string, double> scalars_;
  std::map<std::string, Tensor> tensors_;
  std::string errors_;
};

std::string group_lr(size_t group) { return "group" + std::to_string(group) + ".lr"; }

}  // namespace

OptimizerState Optimizer::state() const {
  OptimizerState state{type_, {}, {{"lr_factor", lr_factor_}}};
  for (size_t i = 0; i < groups_.size(); ++i)
    state.scalars.emplace_back(group_lr(i), groups_[i].lr);
  for (const Slot& slot : slots_) {
    const std::string prefix = slot.parameter.name + ".";
    state.scalars.emplace_back(prefix + "step", double(slot.steps));
    for (size_t i = 0; i < slot.memory.size(); ++i)
      state.tensors.emplace_back(prefix + groups_[slot.group].memory[i].name, slot.memory[i]);
  }
  return state;
}

void Optimizer::load_state(const OptimizerState& state) {
  require(state.optimizer == type_, type_, ": load_state: this is the state of \"", state.optimizer,
          "\"");
  Reader reader(state);
  const double lr_factor = reader.scalar("lr_factor");
  std::vector<Group> groups = groups_;
  for (size_t i = 0; i < groups.size(); ++i) groups[i].lr = reader.scalar(group_lr(i));
  std::vector<Slot> slots = slots_;
  for (Slot& slot : slots) {
    const std::string prefix = slot.parameter.name + ".";
    slot.steps = int64_t(reader.scalar(prefix + "step", true));
    slot.memory.clear();
    if (slot.steps == 0) continue;  // never updated: nothing was remembered
    for (const Memory& memory : groups[slot.group].memory)
      slot.memory.push_back(reader.tensor(prefix + memory.name, slot.parameter.variable.value()));
  }
  const std::string& errors = reader.finish();
  require(errors.empty(), type_, ": load_state:", errors);
  groups_ = std::move(groups);
  slots_ = std::move(slots);
  lr_factor_ = lr_factor;
}

}  // namespace heed::optim
