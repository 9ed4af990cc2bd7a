#include "heed/nn/conv.h"

#include <cmath>

#include "heed/autograd/conv.h"
#include "heed/core/random.h"

namespace heed::nn {
namespace {

void check_sizes(const char* name, const char* what, const Dims& sizes, int count, int64_t low) {
  require(sizes.size() == 1 || sizes.size() == count, name, ": expected one ", what, " or ", count,
          ", got ", sizes);
  for (const int64_t size : sizes)
    require(size >= low, name, ": ", what, " must be at least ", low, ", got ", sizes);
}

/// Weight and bias of a layer of `count` dimensions.
void make_parameters(const char* name, int count, const ConvLayerOptions& options,
                     Parameter& weight, std::optional<Parameter>& bias) {
  const int64_t in = options.in_channels, out = options.out_channels, groups = options.groups;
  require(in >= 1, name, ": in_channels must be at least 1, got ", in);
  require(out >= 1, name, ": out_channels must be at least 1, got ", out);
  require(groups >= 1 && in % groups == 0 && out % groups == 0, name, ": groups must divide ", in,
          " in_channels and ", out, " out_channels, got ", groups);
  check_sizes(name, "kernel_size", options.kernel_size, count, 1);
  check_sizes(name, "stride", options.stride, count, 1);
  check_sizes(name, "padding", options.padding, count, 0);
  check_sizes(name, "dilation", options.dilation, count, 1);
  Shape shape{out, in / groups};
  double fan_in = double(in / groups);
  for (int i = 0; i < count; ++i) {
    shape.push_back(options.kernel_size[options.kernel_size.size() == 1 ? 0 : i]);
    fan_in *= double(shape.back());
  }
  const double bound = 1 / std::sqrt(fan_in);  // kaiming_uniform with a = sqrt(5)
  weight = Parameter(uniform(shape, -bound, bound));
  if (options.bias) bias.emplace(uniform({out}, -bound, bound));
}

ConvOptions moves(const ConvLayerOptions& options) {
  return {options.stride, options.padding, options.dilation, options.groups};
}

}  // namespace

Conv1d::Conv1d(ConvLayerOptions given) : options(moves(given)) {
  make_parameters("Conv1d", 1, given, weight, bias);
}

Variable Conv1d::operator()(const Variable& x) const {
  return conv1d(x, weight, or_none(bias), options);
}

Conv2d::Conv2d(ConvLayerOptions given) : options(moves(given)) {
  make_parameters("Conv2d", 2, given, weight, bias);
}

Variable Conv2d::operator()(const Variable& x) const {
  return conv2d(x, weight, or_none(bias), options);
}

}  // namespace heed::nn
