#include "heed/models/decode/forced.h"

#include "heed/autograd/recording.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/shape.h"

namespace heed::models {

ForcedResult forced_decode(const Decoder& decoder, const Tensor& target) {
  detail::check_decoder("forced_decode", decoder);
  require(target.dim() == 2 && target.dtype() == i64 && target.size(0) == decoder.read.size(0) &&
              target.size(1) >= 1,
          "forced_decode: expected a target (", decoder.read.size(0), ", tokens) of i64, got ",
          target.shape(), " of ", target.dtype());
  const NoGrad no_grad;
  DecoderState state = decoder.state;
  Tensor tokens = select(decoder.read, 1, -1);  // (B)
  std::vector<Tensor> log_probabilities, weights;
  for (int64_t t = 0; t < target.size(1); ++t) {
    DecoderStep step = decoder.step(tokens, state);
    const Tensor given = narrow(target, 1, t, 1);  // (B, 1)
    const Tensor counts = ge(given, 0);
    // Where nothing stands, any token will do: what follows it counts nothing either.
    const Tensor safe = where(counts, given, 0);
    const Tensor& logits = step.logits.value();
    const Tensor log_p = detail::log_probabilities(gather(logits, 1, safe), logits);
    log_probabilities.push_back(where(counts, log_p, 0.0));
    if (step.weights.defined()) weights.push_back(step.weights.value());
    tokens = select(safe, 1, 0);
    state = std::move(step.state);
  }
  return {cat(log_probabilities, 1), weights.empty() ? Tensor() : stack(weights, 1)};
}

ForcedResult forced_decode(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                           const Tensor& target) {
  return forced_decode(decoder_of(model, source, lengths), target);
}

}  // namespace heed::models
