#include "heed/nn/pooling.h"

#include "heed/autograd/pooling.h"

namespace heed::nn {

namespace {

/// The kernel's size, one number or one for each of the `count` dimensions.
Dims checked(const char* name, const Dims& kernel, int count) {
  require(kernel.size() == 1 || kernel.size() == count, name, ": expected one kernel size or ",
          count, ", got ", kernel);
  for (const int64_t size : kernel)
    require(size >= 1, name, ": kernel sizes must be at least 1, got ", kernel);
  return kernel;
}

}  // namespace

MaxPool1d::MaxPool1d(Dims kernel, PoolOptions given)
    : kernel_size(checked("MaxPool1d", kernel, 1)), options(given) {}
MaxPool2d::MaxPool2d(Dims kernel, PoolOptions given)
    : kernel_size(checked("MaxPool2d", kernel, 2)), options(given) {}
AvgPool1d::AvgPool1d(Dims kernel, AvgPoolOptions given)
    : kernel_size(checked("AvgPool1d", kernel, 1)), options(given) {}
AvgPool2d::AvgPool2d(Dims kernel, AvgPoolOptions given)
    : kernel_size(checked("AvgPool2d", kernel, 2)), options(given) {}

Variable MaxPool1d::operator()(const Variable& x) const {
  return max_pool1d(x, kernel_size, options);
}
Variable MaxPool2d::operator()(const Variable& x) const {
  return max_pool2d(x, kernel_size, options);
}
Variable AvgPool1d::operator()(const Variable& x) const {
  return avg_pool1d(x, kernel_size, options);
}
Variable AvgPool2d::operator()(const Variable& x) const {
  return avg_pool2d(x, kernel_size, options);
}

}  // namespace heed::nn
