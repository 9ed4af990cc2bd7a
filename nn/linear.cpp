#include "heed/nn/linear.h"

#include <cmath>

#include "heed/autograd/matmul.h"
#include "heed/core/random.h"

namespace heed::nn {

Linear::Linear(LinearOptions options) {
  const int64_t in = options.in_features, out = options.out_features;
  require(in >= 1, "Linear: in_features must be at least 1, got ", in);
  require(out >= 1, "Linear: out_features must be at least 1, got ", out);
  const double bound = 1 / std::sqrt(double(in));  // kaiming_uniform with a = sqrt(5)
  weight = Parameter(uniform({out, in}, -bound, bound));
  if (options.bias) bias.emplace(uniform({out}, -bound, bound));
}

Variable Linear::operator()(const Variable& x) const { return linear(x, weight, or_none(bias)); }

}  // namespace heed::nn
