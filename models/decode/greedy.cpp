#include "heed/models/decode/greedy.h"

#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/decode/unroll.h"

namespace heed::models {
namespace {

/// The best token of each row, or the one that it must write.
Tensor best_tokens(const detail::Unrolled& step, const DecodeOptions& options) {
  const Tensor allowed = options.never.empty() ? step.logits : clone(step.logits);
  detail::forbid("greedy", allowed, options.never);
  const Tensor best = argmax(allowed, 1);  // (R)
  int64_t* tokens = best.mutable_data<int64_t>();
  for (size_t i = 0; i < step.rows.size(); ++i) {
    const int64_t forced = detail::forced_token(options.prefix, step.rows[i], step.t);
    if (forced >= 0) tokens[i] = forced;
  }
  return best;
}

}  // namespace

std::vector<Hypothesis> greedy(const Decoder& decoder, const DecodeOptions& options) {
  detail::check_decoder("greedy", decoder);
  detail::check_prefix("greedy", options.prefix, decoder.read.size(0));
  return detail::unroll(
      "greedy", decoder,
      {.max_length = options.max_length, .stop = {options.eos}, .maps = options.maps},
      [&](const detail::Unrolled& step) { return best_tokens(step, options); });
}

std::vector<Hypothesis> greedy(const Seq2Seq& model, const Tensor& source,
                               const Tensor& given_lengths, const DecodeOptions& options) {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  detail::check_decode("greedy", source, lengths, options.max_length);
  return greedy(decoder_of(model, source, lengths, options.bos), options);
}

}  // namespace heed::models
