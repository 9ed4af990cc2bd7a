#pragma once

#include <string>
#include <vector>

#include "heed/core/io/json.h"
#include "heed/models/data/vocabulary.h"
#include "heed/models/model.h"
#include "heed/nn/attention.h"
#include "heed/nn/kv_cache.h"

/// What every model that reads one sequence and writes another offers: to training (forward), and
/// to decoding, which asks for one step after the other.
namespace heed::models {

/// What a decoder knows between two steps. Every member has a row for each sequence in front; where
/// the model lets several share a memory, that may have fewer: of B g sequences, the first g read
/// the memory's first row, and so on.
struct DecoderState {
  std::vector<Variable> rows = {};       ///< what the steps change: hidden states
  std::vector<Variable> memory = {};     ///< what they only read: the encoded source and its mask
  std::vector<nn::KvCache> caches = {};  ///< of self-attentions, one for each layer
  bool shares_memory = false;            ///< may several sequences share a row of memory?
  bool maps = true;  ///< must steps give weights? If not, those that cost extra are left out
};

/// The rows at `index` (N,) i64, in that order; rows may be left out or repeated.
DecoderState reorder(const DecoderState& state, const Tensor& index);
/// The same with other rows of memory; an empty index leaves memory as it is.
DecoderState reorder(const DecoderState& state, const Tensor& index, const Tensor& memory_index);

struct DecoderStep {
  Variable logits;  ///< (B, V) of the next token
  DecoderState state = {};
  Variable weights = {};  ///< (B, S) where the step looked, or undefined
  Variable log_p = {};    ///< (B) of attention by REINFORCE: AttentionLook::log_p
};

/// lengths, or for an empty tensor the full length of every row of source (B, S).
Tensor lengths_or_full(const Tensor& lengths, const Tensor& source);

class Seq2Seq : public Model {
 public:
  /// source (B, S) i64, padded behind lengths (B) i64 (empty: nothing is padded) -> the state
  /// before the first step.
  virtual DecoderState encode(const Tensor& source, const Tensor& lengths) const = 0;
  /// One step from the tokens (B) i64 that were written last (at first: <bos>).
  virtual DecoderStep step(const Tensor& tokens, const DecoderState& state) const = 0;
  /// Teacher forcing: target_in (B, T) i64 is read whatever the model would write. Logits (B, T, V)
  /// of the token that follows each; maps, if given, receives weights (B, T, S).
  virtual Variable forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                           nn::AttentionMaps* maps = nullptr) const = 0;
  /// Does its attention draw, so that sequence_loss has to train it by REINFORCE?
  virtual bool draws() const { return false; }
};

struct DecodeOptions {
  int64_t max_length = 100;    ///< at most this many tokens, <eos> included; at least 1
  int64_t bos = data::bos_id;  ///< what the first step of a Seq2Seq reads
  int64_t eos = data::eos_id;  ///< what ends a sequence; -1: nothing does
  bool maps = true;            ///< keep the attention weights?
  Tensor prefix = {};  ///< (B, P) i64: what step t must write; negative: it may choose; or empty
  std::vector<int64_t> never = {};  ///< tokens that it must not choose: those that say no text
};

/// One decoded sequence.
struct Hypothesis {
  std::vector<int64_t> tokens = {};  ///< without <bos> and <eos>
  bool ended = false;                ///< did <eos> come within max_length?
  double log_probability = 0;        ///< of the tokens and, if ended, of <eos>: the sum over steps
  double score = 0;                  ///< by which beam search ranks; greedy: log_probability
  Tensor weights = {};               ///< (tokens, length of the source), or empty
};

namespace detail {

/// log p (R, K), in f64, of tokens with those logits (R, K) among all (R, V): sums over long
/// sequences stay exact.
Tensor log_probabilities(const Tensor& logits, const Tensor& all);
void check_decode(const char* op, const Tensor& source, const Tensor& lengths, int64_t max_length);

}  // namespace detail
}  // namespace heed::models
