#include "heed/nn/dropout.h"

#include "heed/autograd/dropout.h"

namespace heed::nn {

Dropout::Dropout(DropoutOptions options) : p(options.p) {
  require(p >= 0 && p <= 1, "Dropout: p must lie in [0, 1], got ", p);
}

Variable Dropout::operator()(const Variable& x) const { return dropout(x, p, training); }

}  // namespace heed::nn
