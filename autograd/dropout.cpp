#include "heed/autograd/dropout.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/record.h"
#include "heed/core/random_fill.h"

namespace heed {
namespace {

/// 1 / keep with probability `keep`, else 0. Kept for backward as numbers of x's dtype: to draw it
/// again, or to unpack a mask of bytes, takes longer than the multiplication.
Tensor draw_mask(const Tensor& x, double keep, Generator& generator) {
  const Tensor mask = Tensor::allocate(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), "dropout", [&](auto t) {
    using T = decltype(t);
    const T scale = keep > 0 ? T(1 / keep) : T(0);
    detail::bernoulli_fill(mask.mutable_data<T>(), mask.numel(), keep, scale, generator.seed(),
                           generator.take());
  });
  return mask;
}

}  // namespace

Variable dropout(const Variable& x, double p, bool training, Generator* generator) {
  static constexpr Op op{"dropout", "y = x m / (1 - p)", "dx = dy m / (1 - p)"};
  require(p >= 0 && p <= 1, "dropout: p must lie in [0, 1], got ", p);
  if (!training || p == 0) return x;
  const Tensor mask = draw_mask(x.value(), 1 - p, generator ? *generator : default_generator());
  return record({op, {"p", p}}, x.value() * mask,
                input(x, [mask = save(mask)](const Variable& g) { return g * *mask; }));
}

}  // namespace heed
