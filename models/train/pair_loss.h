#pragma once

#include <functional>
#include <span>

#include "heed/models/data/pairs.h"
#include "heed/models/decode/decoder.h"
#include "heed/models/train/batch.h"
#include "heed/models/train/trainer.h"

namespace heed::models {

/// The mean cross entropy of a batch's target tokens; `teacher_forcing` is the share of right
/// tokens that the decoder reads. For a model that draws(), with the term of nn::reinforce_loss
/// that trains where it looks, whose value is 0.
Variable sequence_loss(const Seq2Seq& model, const Batch& batch, double teacher_forcing = 1);

/// For train(): the sequence_loss of one batch of pairs after the other, batches of similar lengths
/// in the order that config.seed gives. The model and the pairs must outlive the result.
std::function<BatchLoss()> pair_loss(const Seq2Seq& model, std::span<const data::EncodedPair> pairs,
                                     const TrainingConfig& config, double teacher_forcing = 1);

}  // namespace heed::models
