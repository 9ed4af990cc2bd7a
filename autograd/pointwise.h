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

/// formula(g, z) for two tensors of one shape and dtype, where nothing reads g afterwards: its
/// numbers give way to the result's if nobody else holds them, and no trace wants to see them.
template <class F>
Variable pointwise_over(const F& formula, const Variable& g, const Variable& z) {
  if (recording() || recording_state.trace || !g.value().is_unique() || !g.value().is_contiguous())
    return pointwise(formula, g, z);
  return dispatch_floating(g.dtype(), "derivative", [&](auto t) {
    using T = decltype(t);
    map_into<T, T, T>(
        g.value(), [formula](T g, T z) { return T(formula(g, z)); }, g.value(), z.value());
    return g;
  });
}

}  // namespace heed::detail
