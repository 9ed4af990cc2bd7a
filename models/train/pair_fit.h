#pragma once

#include <cstdint>
#include <span>

#include "heed/models/data/pairs.h"
#include "heed/models/decode/decoder.h"

namespace heed::models {

/// How well a model predicts right answers, token by token with all before it given.
struct PairFit {
  double nats = 0;     ///< -log p of all target tokens, <eos> included, added up
  int64_t tokens = 0;  ///< how many
  int64_t right = 0;   ///< of them, those that the model held the most probable
  double loss() const { return nats / double(tokens); }
  double perplexity() const;                                                ///< e^loss
  double accuracy() const { return 100 * double(right) / double(tokens); }  ///< in per cent
};

/// Of all pairs, in batches of similar lengths: every token counts alike, however long its
/// sentence. Nothing is recorded; call model.eval() first. Error: no pairs, or batch_size < 1.
PairFit fit_of(const Seq2Seq& model, std::span<const data::EncodedPair> pairs,
               int64_t batch_size = 128);

}  // namespace heed::models
