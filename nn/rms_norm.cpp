#include "heed/nn/rms_norm.h"

#include "heed/autograd/norm.h"
#include "heed/core/creation.h"

namespace heed::nn {

RMSNorm::RMSNorm(RMSNormOptions options)
    : normalized_shape(options.normalized_shape), eps(options.eps) {
  require(normalized_shape >= 1, "RMSNorm: normalized_shape must be at least 1, got ",
          normalized_shape);
  require(eps > 0 && eps < 1, "RMSNorm: eps must be in (0, 1), got ", eps);
  if (options.elementwise_affine) weight.emplace(ones({normalized_shape}));
}

Variable RMSNorm::operator()(const Variable& x) const {
  require(x.dim() > 0 && x.size(-1) == normalized_shape, "RMSNorm: expected x (..., ",
          normalized_shape, "), got ", x.shape());
  return rms_norm(x, or_none(weight), eps);
}

NormKind norm_from_name(std::string_view name) {
  if (name == "layer_norm") return NormKind::layer_norm;
  if (name == "rms_norm") return NormKind::rms_norm;
  fail("norm: expected layer_norm or rms_norm, got \"", name, "\"");
}

namespace {

std::variant<LayerNorm, RMSNorm> make(const NormOptions& options) {
  if (options.kind == NormKind::rms_norm)
    return RMSNorm({.normalized_shape = options.size, .eps = options.eps});
  return LayerNorm({.normalized_shape = {options.size}, .eps = options.eps, .bias = options.bias});
}

}  // namespace

Norm::Norm(NormOptions options) : norm(make(options)) {}

Variable Norm::operator()(const Variable& x) const {
  return std::visit([&](const auto& chosen) { return chosen(x); }, norm);
}

void Norm::members(MemberVisitor& visit) {
  std::visit([&](auto& chosen) { chosen.members(visit); }, norm);
}

}  // namespace heed::nn
