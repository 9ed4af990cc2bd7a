#include "heed/models/decode/teacher_forcing.h"

#include <memory>

#include "heed/autograd/recording.h"
#include "heed/autograd/shape.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"

namespace heed::models {

Variable forward_sampled(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                         const Tensor& target_in, const ForcingOptions& options) {
  require(options.ratio >= 0 && options.ratio <= 1,
          "forward_sampled: expected a ratio in [0, 1], got ", options.ratio);
  if (options.ratio == 1) return model.forward(source, lengths, target_in, options.maps);
  require(target_in.dim() == 2 && target_in.size(1) >= 1,
          "forward_sampled: expected target_in (batch, steps), got ", target_in.shape());
  const Tensor right = bernoulli(target_in.shape(), options.ratio,
                                 {.dtype = u8, .generator = options.generator});  // (B, T)
  DecoderState state = model.encode(source, lengths);
  // A cache's keys have no gradient: such a model reads the chosen tokens again, all at once.
  const bool cached = !state.caches.empty();
  auto no_grad = cached ? std::make_unique<NoGrad>() : nullptr;
  std::vector<Tensor> read;
  Tensor tokens = select(target_in, 1, 0);  // (B)
  std::vector<Variable> logits;
  std::vector<nn::AttentionLook> looks;
  for (int64_t t = 0; t < target_in.size(1); ++t) {
    if (t > 0)
      tokens =
          where(select(right, 1, t), select(target_in, 1, t), argmax(logits.back().value(), 1));
    read.push_back(tokens);
    DecoderStep step = model.step(tokens, state);
    state = std::move(step.state);
    logits.push_back(step.logits);
    if (step.weights.defined()) looks.push_back({.weights = step.weights, .log_p = step.log_p});
  }
  no_grad.reset();
  if (cached) return model.forward(source, lengths, stack(read, 1), options.maps);
  if (options.maps && !looks.empty()) nn::add_looks(*options.maps, looks);
  return stack(logits, 1);  // (B, T, V)
}

}  // namespace heed::models
