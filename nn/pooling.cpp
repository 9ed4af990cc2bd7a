#include "heed/nn/pooling.h"

#include "heed/autograd/pooling.h"

namespace heed::nn {

MaxPool1d::MaxPool1d(Dims kernel, PoolOptions given) : kernel_size(kernel), options(given) {}
MaxPool2d::MaxPool2d(Dims kernel, PoolOptions given) : kernel_size(kernel), options(given) {}
AvgPool1d::AvgPool1d(Dims kernel, AvgPoolOptions given) : kernel_size(kernel), options(given) {}
AvgPool2d::AvgPool2d(Dims kernel, AvgPoolOptions given) : kernel_size(kernel), options(given) {}

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
