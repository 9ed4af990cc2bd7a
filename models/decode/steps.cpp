#include "heed/models/decode/steps.h"

#include <algorithm>
#include <cmath>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/shape.h"

namespace heed::models {
namespace {

/// The last `count` columns of x (B, T), or all where there are fewer.
Tensor last_columns(const Tensor& x, int64_t count) {
  const int64_t kept = std::min(count, x.size(1));
  return narrow(x, 1, x.size(1) - kept, kept);
}

/// A language model's state with the tokens that it has read (B, n) behind its rows.
DecoderState with_history(DecoderState state, const Tensor& history) {
  state.rows.push_back(Variable(history));
  return state;
}

/// One step of a model whose context is limited.
DecoderStep windowed_step(const LanguageModel& model, const Tensor& tokens, DecoderState state) {
  const Tensor history = state.rows.back().value();
  state.rows.pop_back();
  const Tensor last = unsqueeze(tokens, 1);
  const Tensor all = last_columns(cat({history, last}, 1), model.context());
  const bool full = all.size(1) == history.size(1);
  DecoderStep step = full ? model.read(all, model.start(all.size(0))) : model.read(last, state);
  step.state = with_history(std::move(step.state), all);
  return step;
}

}  // namespace

Decoder decoder_of(const Seq2Seq& model, const Tensor& source, const Tensor& given_lengths,
                   int64_t bos) {
  const NoGrad no_grad;
  const Tensor lengths = lengths_or_full(given_lengths, source);
  return {.step = [&model](const Tensor& tokens,
                           const DecoderState& state) { return model.step(tokens, state); },
          .state = model.encode(source, lengths),
          .read = full({source.size(0), 1}, bos, {.dtype = i64}),
          .lengths = lengths};
}

Decoder decoder_of(const LanguageModel& model, const Tensor& prompts) {
  require(prompts.dim() == 2 && prompts.size(1) >= 1 && prompts.dtype() == i64,
          "decoder_of: expected prompts (batch, tokens) of i64 with at least one token, got ",
          prompts.shape(), " of ", prompts.dtype());
  const NoGrad no_grad;
  const int64_t known = prompts.size(1) - 1, context = model.context();
  const Tensor before = narrow(prompts, 1, 0, known);
  Decoder decoder{.step = {}, .state = model.start(prompts.size(0)), .read = prompts};
  if (known > 0 && (context == 0 || known < context))
    decoder.state = model.read(before, decoder.state).state;
  if (context == 0) {
    decoder.step = [&model](const Tensor& tokens, const DecoderState& state) {
      return model.read(unsqueeze(tokens, 1), state);
    };
    return decoder;
  }
  decoder.state = with_history(std::move(decoder.state), last_columns(before, context));
  decoder.step = [&model](const Tensor& tokens, const DecoderState& state) {
    return windowed_step(model, tokens, state);
  };
  return decoder;
}

namespace detail {

void check_decoder(const char* op, const Decoder& decoder) {
  require(decoder.step != nullptr, op, ": the decoder has no step function");
  const Tensor& read = decoder.read;
  require(read.defined() && read.dim() == 2 && read.size(1) >= 1 && read.dtype() == i64, op,
          ": expected the decoder to have read (batch, tokens) of i64 with at least one token");
  require(!decoder.lengths.defined() ||
              (decoder.lengths.dtype() == i64 && decoder.lengths.shape() == Shape({read.size(0)})),
          op, ": expected lengths (batch) of i64");
}

Tensor counted_weights(const Decoder& decoder, int64_t row, const Tensor& weights) {
  if (!decoder.lengths.defined()) return weights;
  return narrow(weights, 1, 0, decoder.lengths[row].item<int64_t>());
}

void check_prefix(const char* op, const Tensor& prefix, int64_t rows) {
  require(
      !prefix.defined() || (prefix.dim() == 2 && prefix.dtype() == i64 && prefix.size(0) == rows),
      op, ": expected a prefix (", rows, ", tokens) of i64");
}

int64_t forced_token(const Tensor& prefix, int64_t row, int64_t t) {
  if (!prefix.defined() || t >= prefix.size(1)) return -1;
  return prefix[row][t].item<int64_t>();
}

void forbid(const char* op, const Tensor& logits, const std::vector<int64_t>& never) {
  for (const int64_t token : never) {
    require(token >= 0 && token < logits.size(1), op,
            ": expected tokens that are never written in ", "[0, ", logits.size(1), "), got ",
            token);
    narrow(logits, 1, token, 1).fill_(-INFINITY);
  }
}

}  // namespace detail
}  // namespace heed::models
