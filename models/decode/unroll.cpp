#include "heed/models/decode/unroll.h"

#include <algorithm>

#include "heed/autograd/recording.h"
#include "heed/core/index.h"
#include "heed/core/shape.h"
#include "heed/models/train/signals.h"

namespace heed::models::detail {
namespace {

/// Appends a step's tokens (B), which had log_p (B, 1), to the sequences that have not ended.
void append(std::vector<Hypothesis>& found, const Tensor& tokens, const Tensor& log_p,
            const UnrollOptions& options) {
  for (size_t b = 0; b < found.size(); ++b) {
    Hypothesis& row = found[b];
    if (row.ended) continue;
    const int64_t token = tokens.data<int64_t>()[b];
    row.log_probability += log_p.data<double>()[b];
    row.ended = std::ranges::find(options.stop, token) != options.stop.end();
    if (row.ended) continue;
    row.tokens.push_back(token);
    if (options.on_token) options.on_token(int64_t(b), token);
  }
}

/// Gives each sequence its part of the weights of all steps, T tensors of (B, S).
void set_weights(std::vector<Hypothesis>& found, const std::vector<Tensor>& steps,
                 const Decoder& decoder) {
  const Tensor all = stack(steps, 1);  // (B, T, S)
  for (size_t b = 0; b < found.size(); ++b) {
    const Tensor used = narrow(all[int64_t(b)], 0, 0, int64_t(found[b].tokens.size()));
    found[b].weights = clone(counted_weights(decoder, int64_t(b), used));
  }
}

}  // namespace

std::vector<Hypothesis> unroll(const char* op, const Decoder& decoder, const UnrollOptions& options,
                               const Choose& choose) {
  check_decoder(op, decoder);
  require(options.max_length >= 1, op, ": expected a max_length of at least 1, got ",
          options.max_length);
  const NoGrad no_grad;
  std::vector<Hypothesis> found(size_t(decoder.read.size(0)));
  std::vector<Tensor> weights;
  const auto open = [](const Hypothesis& h) { return !h.ended; };
  DecoderState state = decoder.state;
  state.maps = options.maps;
  Tensor tokens = select(decoder.read, 1, -1);  // (B)
  for (int64_t t = 0; t < options.max_length && std::ranges::any_of(found, open); ++t) {
    leave_if_signalled();
    DecoderStep step = decoder.step(tokens, state);
    const Tensor log_p = log_probabilities(step);
    tokens = choose(step.logits.value(), log_p, t);
    append(found, tokens, gather(log_p, 1, unsqueeze(tokens, 1)), options);
    if (options.maps && step.weights.defined()) weights.push_back(step.weights.value());
    state = std::move(step.state);
  }
  for (Hypothesis& hypothesis : found) hypothesis.score = hypothesis.log_probability;
  if (!weights.empty()) set_weights(found, weights, decoder);
  return found;
}

}  // namespace heed::models::detail
