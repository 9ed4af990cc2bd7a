#pragma once

#include <functional>

#include "heed/models/decode/language_model.h"

/// What decoding asks of a model, and no more: any function that makes one step can be decoded
/// greedily, by beam search, by sampling, or along a given target.
namespace heed::models {

/// One step from the tokens (B) i64 that were written last. A state's rows may be reordered,
/// repeated and left out between two steps.
using StepFunction = std::function<DecoderStep(const Tensor& tokens, const DecoderState& state)>;

/// B sequences about to be decoded.
struct Decoder {
  StepFunction step;
  DecoderState state = {};  ///< knows all columns of `read` but the last
  Tensor read = {};     ///< (B, T) i64, T >= 1: the tokens so far; the first step reads the last
  Tensor lengths = {};  ///< (B) i64: the columns of a row's weights that count; empty: all
};

/// The steps of a model that has read source (B, S) i64, padded behind lengths (B) i64 (empty:
/// nothing is padded), and writes from `bos` on. The model must outlive it. Nothing is recorded.
Decoder decoder_of(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                   int64_t bos = data::bos_id);

/// The steps of a language model that go on from prompts (B, T) i64, T >= 1, which are read at
/// once; the model must outlive it. Where the model has a context() and it is full, each further
/// step reads the last context() tokens anew, as nanoGPT does: the positions of all of them have
/// changed, so nothing kept of them would hold. Nothing is recorded.
Decoder decoder_of(const LanguageModel& model, const Tensor& prompts);

namespace detail {

/// Refuses what no decoding can start from.
void check_decoder(const char* op, const Decoder& decoder);
/// Of row b, the weights (N, S) that count.
Tensor counted_weights(const Decoder& decoder, int64_t row, const Tensor& weights);

/// Tokens (B, P) i64 that step t must write in row b, negative where it may choose; or empty.
void check_prefix(const char* op, const Tensor& prefix, int64_t rows);
/// The token that step t must write in row b, or -1.
int64_t forced_token(const Tensor& prefix, int64_t row, int64_t t);
/// -inf in the columns of logits (R, V) that no row may choose.
void forbid(const char* op, const Tensor& logits, const std::vector<int64_t>& never);

}  // namespace detail
}  // namespace heed::models
