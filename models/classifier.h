#pragma once

#include <cstdint>

#include "heed/autograd/variable.h"
#include "heed/models/model.h"
#include "heed/nn/attention.h"

namespace heed::models {

/// A model that says which of some classes its input belongs to.
class Classifier : public Model {
 public:
  /// Images (B, C, H, W) f32 with values in [0, 1], or texts (B, S) i64 whose short rows are filled
  /// up with pad_id 0 at their end -> logits (B, classes). Throws Error for any other input.
  /// `maps`, if given, receives the weights of the model's attention layers, if it has any.
  virtual Variable forward(const Tensor& x, nn::AttentionMaps* maps = nullptr) const = 0;
  virtual int64_t classes() const = 0;
};

}  // namespace heed::models
