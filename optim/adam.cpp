#include "heed/optim/adam.h"

#include <cmath>

#include "heed/core/math.h"
#include "heed/optim/update.h"

namespace heed::optim {
namespace {

template <class Options>
void check(const char* type, const Options& options) {
  const auto [beta1, beta2] = options.betas;
  require(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, type,
          ": betas must lie in [0, 1), got ", beta1, " and ", beta2);
  require(options.eps >= 0, type, ": eps must not be negative, got ", options.eps);
  require(options.weight_decay >= 0, type, ": weight_decay must not be negative, got ",
          options.weight_decay);
}

/// One update of p: g += l2 p, p *= keep, then Adam's step number `steps`.
template <class Options, class Slot>
void adam_update(const Slot& slot, const Tensor& gradient, double lr, const Options& options,
                 double l2, double keep) {
  const auto [beta1, beta2] = options.betas;
  const double correction1 = 1 - std::pow(beta1, double(slot.steps));
  const double correction2 = 1 - std::pow(beta2, double(slot.steps));
  const Tensor& value = slot.parameter.variable.value();
  dispatch_floating(value.dtype(), "Adam", [&](auto t) {
    using T = decltype(t);
    const T share1 = T(1 - beta1), kept2 = T(beta2), share2 = T(1 - beta2);
    const T rate = T(lr / correction1), scale = T(1 / std::sqrt(correction2));
    const T eps = T(options.eps), decay = T(l2), shrink = T(keep);
    detail::update_elements<T>(
        value, gradient,
        [=](T& p, T g, T& m, T& v) {
          g += decay * p;
          p *= shrink;
          m += share1 * (g - m);
          v = kept2 * v + share2 * g * g;
          p -= rate * m / (math::sqrt(v) * scale + eps);
        },
        slot.memory[0], slot.memory[1]);
  });
}

}  // namespace

Adam::Adam(std::vector<NamedVariable> parameters, AdamOptions options)
    : Adam(std::vector<ParameterGroup<AdamOptions>>{{std::move(parameters), options}}) {}

Adam::Adam(std::vector<ParameterGroup<AdamOptions>> groups) : Optimizer("Adam") {
  for (auto& [parameters, options] : groups) {
    check("Adam", options);
    options_.push_back(options);
    add_group(std::move(parameters), options.lr, {{"exp_avg"}, {"exp_avg_sq"}});
  }
}

void Adam::update(const Slot& slot, const Tensor& gradient, double lr) {
  const AdamOptions& options = options_[slot.group];
  adam_update(slot, gradient, lr, options, options.weight_decay, 1);
}

AdamW::AdamW(std::vector<NamedVariable> parameters, AdamWOptions options)
    : AdamW(std::vector<ParameterGroup<AdamWOptions>>{{std::move(parameters), options}}) {}

AdamW::AdamW(std::vector<ParameterGroup<AdamWOptions>> groups) : Optimizer("AdamW") {
  for (auto& [parameters, options] : groups) {
    check("AdamW", options);
    options_.push_back(options);
    add_group(std::move(parameters), options.lr, {{"exp_avg"}, {"exp_avg_sq"}});
  }
}

void AdamW::update(const Slot& slot, const Tensor& gradient, double lr) {
  const AdamWOptions& options = options_[slot.group];
  adam_update(slot, gradient, lr, options, 0, 1 - lr * options.weight_decay);
}

}  // namespace heed::optim
