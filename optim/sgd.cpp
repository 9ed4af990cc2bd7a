#include "heed/optim/sgd.h"

#include "heed/optim/update.h"

namespace heed::optim {

SGD::SGD(std::vector<NamedVariable> parameters, SGDOptions options)
    : SGD(std::vector<ParameterGroup<SGDOptions>>{{std::move(parameters), options}}) {}

SGD::SGD(std::vector<ParameterGroup<SGDOptions>> groups) : Optimizer("SGD") {
  for (auto& [parameters, options] : groups) {
    require(options.momentum >= 0, "SGD: momentum must not be negative, got ", options.momentum);
    require(options.weight_decay >= 0, "SGD: weight_decay must not be negative, got ",
            options.weight_decay);
    require(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
            "SGD: Nesterov's form needs a momentum above 0 and no dampening, got momentum ",
            options.momentum, " and dampening ", options.dampening);
    options_.push_back(options);
    const bool remembers = options.momentum != 0;
    add_group(std::move(parameters), options.lr,
              remembers ? std::vector<Memory>{{"momentum_buffer"}} : std::vector<Memory>{});
  }
}

void SGD::update(const Slot& slot, const Tensor& gradient, double lr) {
  const SGDOptions& options = options_[slot.group];
  const Tensor& value = slot.parameter.variable.value();
  dispatch_floating(value.dtype(), "SGD", [&](auto t) {
    using T = decltype(t);
    const T rate = T(lr), decay = T(options.weight_decay), momentum = T(options.momentum);
    if (slot.memory.empty())
      return detail::update_elements<T>(value, gradient,
                                        [rate, decay](T& p, T g) { p -= rate * (g + decay * p); });
    const bool first = slot.steps == 1;
    const T kept = first ? T(0) : momentum, share = first ? T(1) : T(1 - options.dampening);
    const T from_gradient = T(options.nesterov ? 1 : 0),
            from_buffer = options.nesterov ? momentum : T(1);
    detail::update_elements<T>(
        value, gradient,
        [=](T& p, T g, T& buffer) {
          g += decay * p;
          buffer = kept * buffer + share * g;
          p -= rate * (from_gradient * g + from_buffer * buffer);
        },
        slot.memory[0]);
  });
}

}  // namespace heed::optim
