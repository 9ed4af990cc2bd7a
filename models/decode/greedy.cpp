#include "heed/models/decode/greedy.h"

#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/decode/unroll.h"

namespace heed::models {
namespace {

/// The best token of each row, or the one that it must write.
Tensor best_tokens(const Tensor& log_p, const DecodeOptions& options, int64_t t) {
  const Tensor allowed = options.never.empty() ? log_p : clone(log_p);
  detail::forbid("greedy", allowed, options.never);
  const Tensor best = argmax(allowed, 1);  // (B)
  int64_t* tokens = best.mutable_data<int64_t>();
  for (int64_t b = 0; b < best.numel(); ++b) {
    const int64_t forced = detail::forced_token(options.prefix, b, t);
    if (forced >= 0) tokens[b] = forced;
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
      [&](const Tensor&, const Tensor& log_p, int64_t t) {
        return best_tokens(log_p, options, t);
      });
}

std::vector<Hypothesis> greedy(const Seq2Seq& model, const Tensor& source,
                               const Tensor& given_lengths, const DecodeOptions& options) {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  detail::check_decode("greedy", source, lengths, options.max_length);
  return greedy(decoder_of(model, source, lengths, options.bos), options);
}

}  // namespace heed::models
