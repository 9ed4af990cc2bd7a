#include "heed/models/decode/greedy.h"

#include <algorithm>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"

namespace heed::models {
namespace {

/// Appends a step's tokens (B) to the hypotheses that have not ended.
void append(std::vector<Hypothesis>& found, const Tensor& tokens, const Tensor& log_p,
            int64_t eos) {
  const int64_t* token = tokens.data<int64_t>();
  const double* gain = log_p.data<double>();
  for (size_t b = 0; b < found.size(); ++b) {
    if (found[b].ended) continue;
    found[b].log_probability += gain[b];
    found[b].ended = token[b] == eos;
    if (!found[b].ended) found[b].tokens.push_back(token[b]);
  }
}

/// Gives each hypothesis its part of the weights of all steps, T tensors of (B, S).
void set_weights(std::vector<Hypothesis>& found, const std::vector<Tensor>& steps,
                 const Tensor& lengths) {
  const Tensor all = stack(steps, 1);  // (B, T, S)
  for (size_t b = 0; b < found.size(); ++b) {
    const Tensor used = narrow(all[int64_t(b)], 0, 0, int64_t(found[b].tokens.size()));
    found[b].weights = clone(narrow(used, 1, 0, lengths[int64_t(b)].item<int64_t>()));
  }
}

}  // namespace

std::vector<Hypothesis> greedy(const Seq2Seq& model, const Tensor& source,
                               const Tensor& given_lengths, const DecodeOptions& options) {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  detail::check_decode("greedy", source, lengths, options.max_length);
  const NoGrad no_grad;
  std::vector<Hypothesis> found(size_t(source.size(0)));
  std::vector<Tensor> weights;
  const auto open = [](const Hypothesis& h) { return !h.ended; };
  DecoderState state = model.encode(source, lengths);
  Tensor tokens = full({source.size(0)}, options.bos, {.dtype = i64});
  for (int64_t t = 0; t < options.max_length && std::ranges::any_of(found, open); ++t) {
    DecoderStep step = model.step(tokens, state);
    const auto [log_p, best] = max(detail::log_probabilities(step), 1);
    append(found, best, log_p, options.eos);
    if (options.maps && step.weights.defined()) weights.push_back(step.weights.value());
    state = std::move(step.state);
    tokens = best;
  }
  for (Hypothesis& hypothesis : found) hypothesis.score = hypothesis.log_probability;
  if (!weights.empty()) set_weights(found, weights, lengths);
  return found;
}

}  // namespace heed::models
