#include "heed/optim/adagrad.h"

#include "heed/core/math.h"
#include "heed/optim/update.h"

namespace heed::optim {

Adagrad::Adagrad(std::vector<NamedVariable> parameters, AdagradOptions options)
    : Adagrad(std::vector<ParameterGroup<AdagradOptions>>{{std::move(parameters), options}}) {}

Adagrad::Adagrad(std::vector<ParameterGroup<AdagradOptions>> groups) : Optimizer("Adagrad") {
  for (auto& [parameters, options] : groups) {
    const auto check = [](const char* name, double value) {
      require(value >= 0, "Adagrad: ", name, " must not be negative, got ", value);
    };
    check("lr_decay", options.lr_decay);
    check("weight_decay", options.weight_decay);
    check("initial_accumulator_value", options.initial_accumulator_value);
    check("eps", options.eps);
    options_.push_back(options);
    add_group(std::move(parameters), options.lr, {{"sum", options.initial_accumulator_value}});
  }
}

void Adagrad::update(const Slot& slot, const Tensor& gradient, double lr) {
  const AdagradOptions& options = options_[slot.group];
  const Tensor& value = slot.parameter.variable.value();
  dispatch_floating(value.dtype(), "Adagrad", [&](auto t) {
    using T = decltype(t);
    const T rate = T(lr / (1 + double(slot.steps - 1) * options.lr_decay));
    const T eps = T(options.eps), decay = T(options.weight_decay);
    detail::update_elements<T>(
        value, gradient,
        [=](T& p, T g, T& sum) {
          g += decay * p;
          sum += g * g;
          p -= rate * g / (math::sqrt(sum) + eps);
        },
        slot.memory[0]);
  });
}

}  // namespace heed::optim
