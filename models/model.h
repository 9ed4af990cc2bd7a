#pragma once

#include <string>

#include "heed/core/io/json.h"
#include "heed/nn/module.h"

namespace heed::models {

/// A module that files can store: it names its kind and says how it was configured, so that
/// types() can build it again.
class Model : public nn::Module {
 public:
  /// The name of its kind, as types() lists it: "bahdanau".
  virtual std::string type() const = 0;
  /// The fields of its configuration.
  virtual Json config() const = 0;
};

}  // namespace heed::models
