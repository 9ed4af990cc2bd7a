#pragma once
// internal

#include "heed/autograd/math.h"
#include "heed/autograd/record.h"
#include "heed/core/map.h"

namespace heed::detail {

template <class T, class>
using Same = T;

/// formula(inputs...): one fused loop over the numbers when nothing of it will be differentiated,
/// ops of Variables otherwise.
template <class F, class... V>
Variable pointwise(const F& formula, const V&... inputs) {
  if (recording() && (inputs.requires_grad() || ...)) return formula(inputs...);
  return dispatch_floating(std::get<0>(std::tie(inputs...)).dtype(), "derivative", [&](auto t) {
    using T = decltype(t);
    return Variable(map<T, Same<T, V>...>(
        "derivative", [formula](Same<T, V>... x) { return T(formula(x...)); }, inputs.value()...));
  });
}

}  // namespace heed::detail
