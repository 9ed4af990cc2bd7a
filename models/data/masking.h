#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/core/generator.h"

namespace heed::data {

struct MaskingOptions {
  int64_t tokens = 0;         ///< size of the vocabulary
  int64_t mask_id = 0;        ///< of [MASK]
  int64_t first_token = 0;    ///< ids below are special: never masked, never drawn
  double share = 0.15;        ///< of the other tokens that are to be predicted
  int64_t ignored_id = -100;  ///< the target where nothing is to be predicted
};

/// What a masked language model reads, and what it is to predict.
struct MaskedIds {
  std::vector<int64_t> ids;
  std::vector<int64_t> targets;  ///< the id that was there, or ignored_id
};

/// Chooses tokens at random, each with probability `share`; of those, 80 % become [MASK], 10 % a
/// random token and 10 % stay as they are. Devlin et al. 2019, section 3.1, task 1. Error for a
/// share outside [0, 1] and ids outside the vocabulary.
MaskedIds mask_tokens(std::span<const int64_t> ids, const MaskingOptions& options,
                      Generator& generator);

}  // namespace heed::data
