#pragma once

#include "heed/models/decode/decoder.h"

namespace heed::models {

/// A model that reads tokens and says after each which one comes next: CharRnn, Gpt.
class LanguageModel : public Model {
 public:
  /// tokens (B, T) i64 -> logits (B, T, V) of the token that follows each; maps, if given, receives
  /// weights (B, heads, T, T) for each attention layer.
  virtual Variable forward(const Tensor& tokens, nn::AttentionMaps* maps = nullptr) const = 0;

  /// The state of `batch` sequences of which nothing has been read.
  virtual DecoderState start(int64_t batch) const = 0;
  /// Reads tokens (B, T) i64, T >= 1, behind those that the state has read -> logits (B, V) of the
  /// token after the last. Throws Error when more than context() tokens would have been read.
  virtual DecoderStep read(const Tensor& tokens, const DecoderState& state) const = 0;

  /// The longest sequence that it reads; 0: any.
  virtual int64_t context() const = 0;
  /// V, the number of different tokens.
  virtual int64_t tokens() const = 0;
};

}  // namespace heed::models
