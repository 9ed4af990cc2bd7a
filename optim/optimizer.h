#pragma once

#include <string>
#include <utility>
#include <vector>

#include "heed/autograd/variable.h"

namespace heed::optim {

/// Parameters with options of their own:
/// `optim::Adam adam({{encoder.named_parameters(), {.lr = 1e-4}}, {decoder.named_parameters()}});`
template <class Options>
struct ParameterGroup {
  std::vector<NamedVariable> parameters;
  Options options = {};
};

/// Parameters without names, as Module::parameters() gives them: a leaf's own name, or its number.
std::vector<NamedVariable> numbered(const std::vector<Variable>& parameters);

/// Everything an optimiser remembers between steps. Resumed from it, training goes on bit for bit.
struct OptimizerState {
  std::string optimizer;                                ///< "Adam"
  std::vector<std::pair<std::string, Tensor>> tensors;  ///< "encoder.weight.exp_avg"
  std::vector<std::pair<std::string, double>> scalars;  ///< "encoder.weight.step", "group0.lr"
};

/// Changes parameters by their gradients. The usual loop:
///
///     optimizer.zero_grad();
///     loss(batch).backward();
///     optim::clip_grad_norm_(optimizer.parameters(), 1.0);
///     optimizer.set_lr_factor(optim::linear_warmup(step, 200));
///     optimizer.step();
///
/// Gradients add up over several backward() calls until zero_grad(): that is all that gradient
/// accumulation needs. Formulas and defaults are PyTorch's.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(Optimizer&&) = default;
  Optimizer(const Optimizer&) = delete;

  /// Updates every parameter that has a gradient and is not frozen, in one pass each. Throws Error,
  /// and changes nothing, when Module::to has converted one of them since.
  void step();
  void zero_grad();

  /// The learning rate in force: a group's own times the factor.
  double lr(size_t group = 0) const;
  /// The learning rate of all groups, or of one, before the factor. Throws Error unless finite and
  /// not negative.
  void set_lr(double lr);
  void set_lr(size_t group, double lr);
  /// Multiplies the learning rate of every group from now on; the value of a schedule at this step.
  void set_lr_factor(double factor);

  std::vector<NamedVariable> parameters() const;

  /// The state by parameter names. Shares the tensors: valid until the next step.
  OptimizerState state() const;
  /// Takes over a state of the same kind of optimiser for parameters of the same names, shapes and
  /// dtypes. Throws one Error that lists all that is wrong, and then has changed nothing.
  void load_state(const OptimizerState& state);

 protected:
  /// A tensor kept for each parameter, of its shape: its name in PyTorch's state and first value.
  struct Memory {
    const char* name;
    double initial = 0;
  };
  struct Slot {
    NamedVariable parameter;
    size_t group;
    int64_t steps = 0;  // updates so far, with the one that is running
    std::vector<Tensor> memory = {};
  };

  explicit Optimizer(const char* type) : type_(type) {}
  void add_group(std::vector<NamedVariable> parameters, double lr, std::vector<Memory> memory);
  /// Updates one parameter. The gradient has its shape and dtype and lies in rows.
  virtual void update(const Slot& slot, const Tensor& gradient, double lr) = 0;

 private:
  struct Group {
    double lr;
    std::vector<Memory> memory;
  };
  void add(NamedVariable parameter);
  void check_lr(const char* what, double value) const;

  const char* type_;
  std::vector<Group> groups_;
  std::vector<Slot> slots_;
  double lr_factor_ = 1;
};

}  // namespace heed::optim
