#pragma once

#include "heed/core/pooling.h"
#include "heed/nn/module.h"

namespace heed::nn {

/// Pooling as layers of a Sequential; elsewhere call the functions.
/// `nn::MaxPool2d pool(2, {.padding = 1})`. Constructors throw Error for kernel sizes below 1.

struct MaxPool1d : Module {
  explicit MaxPool1d(Dims kernel, PoolOptions options = {});
  Variable operator()(const Variable& x) const;  ///< (..., L) -> (..., L')
  void members(MemberVisitor&) override {}

  Dims kernel_size;
  PoolOptions options;
};

struct MaxPool2d : Module {
  explicit MaxPool2d(Dims kernel, PoolOptions options = {});
  Variable operator()(const Variable& x) const;  ///< (..., H, W) -> (..., H', W')
  void members(MemberVisitor&) override {}

  Dims kernel_size;
  PoolOptions options;
};

struct AvgPool1d : Module {
  explicit AvgPool1d(Dims kernel, AvgPoolOptions options = {});
  Variable operator()(const Variable& x) const;  ///< (..., L) -> (..., L')
  void members(MemberVisitor&) override {}

  Dims kernel_size;
  AvgPoolOptions options;
};

struct AvgPool2d : Module {
  explicit AvgPool2d(Dims kernel, AvgPoolOptions options = {});
  Variable operator()(const Variable& x) const;  ///< (..., H, W) -> (..., H', W')
  void members(MemberVisitor&) override {}

  Dims kernel_size;
  AvgPoolOptions options;
};

}  // namespace heed::nn
