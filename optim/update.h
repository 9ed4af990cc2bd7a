#pragma once
// internal

#include "heed/core/parallel.h"
#include "heed/core/simd.h"
#include "heed/core/tensor.h"

namespace heed::optim::detail {

/// Calls rule(p, g, m...) for every element of a parameter, its gradient and what is remembered of
/// it: one pass, vectorised and parallel. p and m... are references to write through.
template <class T, class Rule, class... Memory>
void update_elements(const Tensor& parameter, const Tensor& gradient, const Rule& rule,
                     const Memory&... memory) {
  constexpr int64_t grain = 16384;
  const auto run = [n = parameter.numel(), &rule](T* p, const T* g, auto*... m) {
    parallel_for(0, n, grain, [=, &rule](int64_t begin, int64_t end) {
      simd::run([=, f = rule] {
#pragma GCC ivdep
        for (int64_t i = begin; i < end; ++i) f(p[i], g[i], m[i]...);
      });
    });
  };
  run(parameter.mutable_data<T>(), gradient.data<T>(), memory.template mutable_data<T>()...);
}

}  // namespace heed::optim::detail
