#include "heed/nn/batch_norm.h"

#include "heed/autograd/batch_norm.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"

namespace heed::nn {
namespace {

/// running = (1 - momentum) running + momentum now
void follow(const Tensor& running, const Tensor& now, double momentum) {
  mul_(running, 1 - momentum);
  add_(running, now, momentum);
}

}  // namespace

BatchNorm::BatchNorm(const char* name, BatchNormOptions options)
    : eps(options.eps), momentum(options.momentum) {
  const int64_t size = options.num_features;
  require(size >= 1, name, ": num_features must be at least 1, got ", size);
  require(eps > 0 && eps < 1, name, ": eps must be in (0, 1), got ", eps);
  require(momentum >= 0 && momentum <= 1, name, ": momentum must be in [0, 1], got ", momentum);
  if (options.affine) {
    weight.emplace(ones({size}));
    bias.emplace(zeros({size}));
  }
  running_mean = Buffer(zeros({size}));
  running_var = Buffer(ones({size}));
  num_batches_tracked = Buffer(zeros({}, {.dtype = i64}));
}

void BatchNorm::members(MemberVisitor& visit) {
  visit("weight", weight);
  visit("bias", bias);
  visit("running_mean", running_mean);
  visit("running_var", running_var);
  visit("num_batches_tracked", num_batches_tracked);
}

Variable BatchNorm::normalize(const Variable& x) const {
  const Variable w = or_none(weight), b = or_none(bias);
  if (!training) return batch_norm(x, running_mean, running_var, w, b, eps);
  const BatchNormOutput out = batch_norm(x, w, b, eps);
  add_(num_batches_tracked, ones({}, {.dtype = i64}));
  if (x.numel() == 0) return out.y;  // which has neither mean nor variance
  const double count = double(x.numel() / x.size(1));
  follow(running_mean, out.mean, momentum);
  follow(running_var, mul(out.var, count / (count - 1)), momentum);
  return out.y;
}

Variable BatchNorm1d::operator()(const Variable& x) const {
  require((x.dim() == 2 || x.dim() == 3) && x.size(1) == running_mean.size(0),
          "BatchNorm1d: expected x (N, ", running_mean.size(0), ") or (N, ", running_mean.size(0),
          ", L), got ", x.shape());
  return normalize(x);
}

Variable BatchNorm2d::operator()(const Variable& x) const {
  require(x.dim() == 4 && x.size(1) == running_mean.size(0), "BatchNorm2d: expected x (N, ",
          running_mean.size(0), ", H, W), got ", x.shape());
  return normalize(x);
}

}  // namespace heed::nn
