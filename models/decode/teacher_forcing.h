#pragma once

#include "heed/core/generator.h"
#include "heed/models/decode/decoder.h"

namespace heed::models {

struct ForcingOptions {
  double ratio = 1;                   ///< the share of right tokens that are read, in [0, 1]
  Generator* generator = nullptr;     ///< null: default_generator()
  nn::AttentionMaps* maps = nullptr;  ///< receives weights (B, T, S)
};

/// Logits (B, T, V) as Seq2Seq::forward gives them, but each sequence reads in each step the right
/// token with probability `ratio` and else the model's own most probable one, so that training
/// meets the model's mistakes. The first token is always read; a ratio of 1 is forward itself.
/// The choice of a token has no gradient.
/// Bengio et al. 2015, "Scheduled sampling for sequence prediction with recurrent neural networks".
Variable forward_sampled(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                         const Tensor& target_in, const ForcingOptions& options = {});

}  // namespace heed::models
