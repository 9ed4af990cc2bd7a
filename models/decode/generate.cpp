#include "heed/models/decode/generate.h"

#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/decode/unroll.h"

namespace heed::models {

std::vector<Hypothesis> generate(const Decoder& decoder, const GenerateOptions& options) {
  detail::check_decoder("generate", decoder);
  const SamplingOptions& sampling = options.sampling;
  detail::check_sampling("generate", sampling);
  const bool best = sampling.takes_the_best();
  const bool penalizes = sampling.repetition_penalty != 1;
  const auto choose = [&](const detail::Unrolled& step) {
    if (best && !penalizes) return argmax(step.logits, 1);  // (R)
    const Tensor p = next_token_probabilities(step.logits, step.read, sampling);
    return best ? argmax(p, 1) : select(multinomial(p, 1, true, options.generator), 1, 0);  // (R)
  };
  return detail::unroll("generate", decoder,
                        {.max_length = options.max_tokens,
                         .stop = options.stop,
                         .maps = options.maps,
                         .keeps_read = penalizes,
                         .on_token = options.on_token},
                        choose);
}

std::vector<Hypothesis> generate(const LanguageModel& model, const Tensor& prompts,
                                 const GenerateOptions& options) {
  return generate(decoder_of(model, prompts), options);
}

}  // namespace heed::models
