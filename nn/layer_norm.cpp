#include "heed/nn/layer_norm.h"

#include "heed/autograd/norm.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"

namespace heed::nn {

LayerNorm::LayerNorm(LayerNormOptions options)
    : normalized_shape(options.normalized_shape), eps(options.eps) {
  require(!normalized_shape.empty(), "LayerNorm: normalized_shape must have a dimension");
  for (const int64_t size : normalized_shape)
    require(size >= 1, "LayerNorm: sizes must be at least 1, got ", normalized_shape);
  require(eps > 0 && eps < 1, "LayerNorm: eps must be in (0, 1), got ", eps,
          "; several sizes are {.normalized_shape = {3, 4}}");
  if (!options.elementwise_affine) return;
  weight.emplace(ones(normalized_shape));
  if (options.bias) bias.emplace(zeros(normalized_shape));
}

Variable LayerNorm::operator()(const Variable& x) const {
  const int count = normalized_shape.size(), before = x.dim() - count;
  bool fits = before >= 0;
  for (int i = 0; fits && i < count; ++i) fits = x.shape()[before + i] == normalized_shape[i];
  require(fits, "LayerNorm: expected the last dimensions to be ", normalized_shape, ", got ",
          x.shape());
  const Variable w = or_none(weight), b = or_none(bias);
  if (count == 1) return layer_norm(x, w, b, eps);
  const auto flat = [](const Variable& v) { return v.defined() ? flatten(v) : v; };
  const Variable rows = flatten(x, before);  // (..., D)
  return reshape(layer_norm(rows, flat(w), flat(b), eps), x.shape());
}

}  // namespace heed::nn
