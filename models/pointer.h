#pragma once

#include "heed/models/decode/steps.h"
#include "heed/nn/linear.h"
#include "heed/nn/recurrent.h"

/// Vinyals, Fortunato & Jaitly 2015, "Pointer networks": attention is the output. What is written
/// are places of the input, as many as there happen to be.
namespace heed::models {

struct PointerConfig {
  int64_t features = 2;  ///< numbers of each input element: the coordinates of a point
  int64_t hidden = 256;

  template <class V>
  void fields(V& visit) {
    visit("features", features, {.min = 1, .max = 65536}, "numbers of each element of the input");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of encoder, decoder and attention");
  }
};

/// Not a Seq2Seq, because it reads numbers, not tokens. The tokens that it writes are 1, 2, ... for
/// the elements of the input, and 0, which begins and ends (the paper's arrows).
struct Pointer : Model {
  /// Throws Error that names every field out of its range.
  explicit Pointer(PointerConfig config = {});

  /// input (B, S, features), padded behind lengths (B) i64 (empty: nothing is padded).
  DecoderState encode(const Tensor& input, const Tensor& lengths = {}) const;
  /// tokens (B) i64 -> logits (B, S + 1), -inf behind each length; weights are their softmax.
  DecoderStep step(const Tensor& tokens, const DecoderState& state) const;
  /// Teacher forcing: target_in (B, T) i64 -> logits (B, T, S + 1).
  Variable forward(const Tensor& input, const Tensor& lengths, const Tensor& target_in) const;
  std::string type() const override { return "pointer"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  PointerConfig settings;
  nn::LSTM encoder, decoder;
  nn::Parameter begin;  // (features), what the decoder reads for 0
  nn::Parameter end;    // (hidden), what stands for 0 among the encoder's states
  nn::Linear key;       // W_1
  nn::Linear query;     // W_2
  nn::Parameter v;      // (hidden)

 private:
  struct Walk {
    Variable logits;  // (B, T, S + 1)
    DecoderState state;
  };
  Walk walk(const Tensor& target_in, const DecoderState& from) const;
};

/// Its steps for greedy and beam search, with `eos` 0. The model must outlive them.
Decoder decoder_of(const Pointer& model, const Tensor& input, const Tensor& lengths = {});

}  // namespace heed::models
