#include "heed/models/decode/generate.h"

#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/decode/unroll.h"

namespace heed::models {

std::vector<Hypothesis> generate(const Decoder& decoder, const GenerateOptions& options) {
  detail::check_decoder("generate", decoder);
  const SamplingOptions& sampling = options.sampling;
  const bool draws = sampling.temperature > 0 && sampling.top_k != 1;
  const auto choose = [&](const detail::Unrolled& step) {
    const Tensor p = next_token_probabilities(step.logits, step.read, sampling);
    const Tensor next = draws ? multinomial(p, 1, true, options.generator) : argmax(p, 1, true);
    return select(next, 1, 0);  // (R)
  };
  return detail::unroll("generate", decoder,
                        {.max_length = options.max_tokens,
                         .stop = options.stop,
                         .maps = options.maps,
                         .keeps_read = sampling.repetition_penalty != 1,
                         .on_token = options.on_token},
                        choose);
}

std::vector<Hypothesis> generate(const LanguageModel& model, const Tensor& prompts,
                                 const GenerateOptions& options) {
  return generate(decoder_of(model, prompts), options);
}

}  // namespace heed::models
