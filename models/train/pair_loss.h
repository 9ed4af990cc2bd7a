#pragma once

#include <functional>
#include <span>

#include "heed/models/data/pairs.h"
#include "heed/models/decode/decoder.h"
#include "heed/models/train/trainer.h"

namespace heed::models {

/// For train(): the mean cross entropy of the target tokens of one batch of pairs after the other,
/// batches of similar lengths in the order that config.seed gives. `teacher_forcing` is the share
/// of right tokens that the decoder reads. The model and the pairs must outlive the result.
std::function<BatchLoss()> pair_loss(const Seq2Seq& model, std::span<const data::EncodedPair> pairs,
                                     const TrainingConfig& config, double teacher_forcing = 1);

}  // namespace heed::models
