#pragma once

#include "heed/core/generator.h"
#include "heed/models/decode/sampling.h"
#include "heed/models/decode/steps.h"

namespace heed::models {

struct GenerateOptions {
  int64_t max_tokens = 100;        ///< at most this many tokens are written; at least 1
  SamplingOptions sampling = {};   ///< temperature, top k, top p, repetition penalty
  std::vector<int64_t> stop = {};  ///< tokens that end a sequence and are not part of it
  Generator* generator = nullptr;  ///< null: default_generator()
  bool maps = false;               ///< keep the attention weights, where steps give them?
  /// Told each token as it is written.
  std::function<void(int64_t row, int64_t token)> on_token = {};
};

/// Draws token after token from next_token_probabilities, for a batch of sequences at once, until
/// each has met a stop or has max_tokens; with a temperature of 0 or a top_k of 1 the most probable
/// one. Each hypothesis holds the tokens written, without those read, and their log-probability
/// under the model itself (no filter applied). The same generator gives the same tokens. Nothing
/// is recorded; call model.eval() first, or dropout takes part.
std::vector<Hypothesis> generate(const Decoder& decoder, const GenerateOptions& options = {});

/// The same for a language model that goes on from prompts (B, T) i64, T >= 1, as decoder_of reads
/// them: at once, then a token at a time with what its state keeps. Generated text may be longer
/// than the model's context(); from there on each token costs as much as reading a whole context.
std::vector<Hypothesis> generate(const LanguageModel& model, const Tensor& prompts,
                                 const GenerateOptions& options = {});

}  // namespace heed::models
