#include "heed/optim/rmsprop.h"

#include "heed/core/math.h"
#include "heed/optim/update.h"

namespace heed::optim {

RMSprop::RMSprop(std::vector<NamedVariable> parameters, RMSpropOptions options)
    : RMSprop(std::vector<ParameterGroup<RMSpropOptions>>{{std::move(parameters), options}}) {}

RMSprop::RMSprop(std::vector<ParameterGroup<RMSpropOptions>> groups) : Optimizer("RMSprop") {
  for (auto& [parameters, options] : groups) {
    require(options.alpha >= 0, "RMSprop: alpha must not be negative, got ", options.alpha);
    require(options.eps >= 0, "RMSprop: eps must not be negative, got ", options.eps);
    require(options.momentum >= 0, "RMSprop: momentum must not be negative, got ",
            options.momentum);
    require(options.weight_decay >= 0, "RMSprop: weight_decay must not be negative, got ",
            options.weight_decay);
    options_.push_back(options);
    std::vector<Memory> memory{{"square_avg"}};
    if (options.momentum != 0) memory.push_back({"momentum_buffer"});
    if (options.centered) memory.push_back({"grad_avg"});
    add_group(std::move(parameters), options.lr, std::move(memory));
  }
}

void RMSprop::update(const Slot& slot, const Tensor& gradient, double lr) {
  const RMSpropOptions& options = options_[slot.group];
  const Tensor& value = slot.parameter.variable.value();
  dispatch_floating(value.dtype(), "RMSprop", [&](auto t) {
    using T = decltype(t);
    const T rate = T(lr), alpha = T(options.alpha), share = T(1 - options.alpha);
    const T eps = T(options.eps), decay = T(options.weight_decay), momentum = T(options.momentum);
    const auto& memory = slot.memory;
    const auto plain = [=](T& p, T g, T& v) {
      g += decay * p;
      v = alpha * v + share * g * g;
      p -= rate * g / (math::sqrt(v) + eps);
    };
    const auto with_momentum = [=](T& p, T g, T& v, T& b) {
      g += decay * p;
      v = alpha * v + share * g * g;
      b = momentum * b + g / (math::sqrt(v) + eps);
      p -= rate * b;
    };
    const auto centered = [=](T& p, T g, T& v, T& a) {
      g += decay * p;
      v = alpha * v + share * g * g;
      a += share * (g - a);
      p -= rate * g / (math::sqrt(math::maximum(v - a * a, T(0))) + eps);
    };
    const auto centered_momentum = [=](T& p, T g, T& v, T& b, T& a) {
      g += decay * p;
      v = alpha * v + share * g * g;
      a += share * (g - a);
      b = momentum * b + g / (math::sqrt(math::maximum(v - a * a, T(0))) + eps);
      p -= rate * b;
    };
    const auto run = [&](const auto& rule, const auto&... kept) {
      detail::update_elements<T>(value, gradient, rule, kept...);
    };
    if (memory.size() == 3) return run(centered_momentum, memory[0], memory[1], memory[2]);
    if (options.centered) return run(centered, memory[0], memory[1]);
    if (memory.size() == 2) return run(with_momentum, memory[0], memory[1]);
    run(plain, memory[0]);
  });
}

}  // namespace heed::optim
