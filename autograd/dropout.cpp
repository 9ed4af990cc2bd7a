#include "heed/autograd/dropout.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/record.h"
#include "heed/core/random.h"
#include "heed/core/random_fill.h"

namespace heed {

Variable dropout(const Variable& x, double p, bool training, Generator* generator) {
  static constexpr Op op{"dropout", "y = x m / (1 - p)", "dx = dy m / (1 - p)"};
  require(p >= 0 && p <= 1, "dropout: p must lie in [0, 1], got ", p);
  if (!training || p == 0) return x;
  Generator& source = generator ? *generator : default_generator();
  const auto mask = [p, shape = x.shape(), dtype = x.dtype(), seed = source.seed(),
                     offset = source.take()] {
    const Tensor scaled = Tensor::allocate(shape, dtype);
    dispatch_floating(dtype, "dropout", [&](auto t) {
      using T = decltype(t);
      const T scale = p < 1 ? T(1 / (1 - p)) : T(0);
      detail::bernoulli_fill(scaled.mutable_data<T>(), scaled.numel(), 1 - p, scale, seed, offset);
    });
    return scaled;
  };
  return record({op, {"p", p}}, x.value() * mask(),
                input(x, [mask](const Variable& g) { return g * Variable(mask()); }));
}

}  // namespace heed
