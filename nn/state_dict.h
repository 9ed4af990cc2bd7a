#pragma once

#include <string>
#include <utility>
#include <vector>

#include "heed/core/tensor.h"

namespace heed::nn {

/// Names and numbers, in the order of a module's members.
using StateDict = std::vector<std::pair<std::string, Tensor>>;

/// What Module::load_state_dict found missing and left over (both empty when strict).
struct LoadReport {
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
};

}  // namespace heed::nn
