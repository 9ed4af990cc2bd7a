#pragma once

#include <string>

#include "heed/nn/module.h"

namespace heed::nn {

/// How many numbers a module has; tied weights count once.
struct ParameterCounts {
  int64_t total = 0;
  int64_t trainable = 0;  ///< without frozen ones
  int64_t bytes = 0;
};
ParameterCounts count_parameters(Module& module);

/// A table of the module's parts: name, type, shape and number of parameters, then the totals.
/// Frozen parameters and buffers are marked; tied ones point to their first name.
std::string summary(Module& module);

}  // namespace heed::nn
