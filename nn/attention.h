#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "heed/nn/alignment.h"
#include "heed/nn/linear.h"

/// Attention of one query for each sequence over that sequence's memory: a score says how well each
/// key answers the query, an alignment turns the scores into weights and a context.
namespace heed::nn {

/// How a query q and a key k of the memory are compared:
///   additive    v . tanh(W q + U k)            Bahdanau et al. 2015, appendix A.1.2
///   dot         q . k                          Luong et al. 2015, section 3.1
///   general     q . W k                        Luong et al. 2015, section 3.1
///   scaled_dot  q . k / sqrt(size)             Vaswani et al. 2017, eq. 1
///   concat      v . tanh(W [q; k])             Luong et al. 2015, section 3.1
///   location    v . tanh(W q + U k + V f + b)  Chorowski et al. 2015, section 2.2, where f is the
///               convolution of the weights of the step before (at first zeros) around the key
enum class Score { additive, dot, general, scaled_dot, concat, location };

/// Is it a v . tanh(...) with a hidden size of its own?
bool adds(Score score);
/// The score of that name, "additive" and so on; throws Error for any other.
Score score_from_name(std::string_view name);

struct AttentionOptions {
  Score score = Score::additive;
  int64_t query_size = 0;
  int64_t key_size = 0;     ///< of the memory; dot and scaled_dot: equal to query_size
  int64_t hidden_size = 0;  ///< A, of additive, concat and location; the others have none
  Alignment alignment = Alignment::soft;
  double window = 10;       ///< D > 0, of the local alignments
  double tau = 1;           ///< of gumbel
  int64_t filters = 10;     ///< of location: numbers in f
  int64_t filter_size = 7;  ///< of location: weights that each of them sees, an odd number
};

/// A memory made ready for many queries: what depends on the keys alone is computed once.
struct AttentionMemory {
  Variable values;  ///< (B, S, key_size), what contexts are made of
  Variable keys;    ///< (B, S, A), what queries are compared with
};

/// What one query found.
struct AttentionLook {
  Variable context = {};             ///< (B, key_size)
  Variable weights = {};             ///< (B, S)
  std::vector<Variable> state = {};  ///< what the next query of the same sequence needs
  Variable log_p = {};  ///< (B) of reinforce: the log-probability of the key that was drawn
};

/// Which steps of padded sequences are real: lengths (B) i64 -> (B, steps) u8, 1 where
/// step < length, as nn::Attention and softmax take it. Error for lengths beyond [0, steps].
Tensor length_mask(const Tensor& lengths, int64_t steps);

/// The opposite, for the key_padding_mask of MultiheadAttention and the Transformer's layers: 1
/// where step >= length.
Tensor padding_mask(const Tensor& lengths, int64_t steps);

/// One attention for every score and alignment:
///
///     const nn::AttentionMemory memory = attention.prepare(encoded);
///     nn::AttentionLook look = attention(h, memory, mask, attention.start(memory));
///     look = attention(next_h, memory, mask, look.state);
///
/// Hard alignments draw in training (from default_generator()), and take the best key otherwise.
struct Attention : Module {
  /// Throws Error for sizes below 1, or ones that do not fit the score.
  explicit Attention(AttentionOptions options);

  /// memory (B, S, key_size): once for each sentence.
  AttentionMemory prepare(const Variable& memory) const;
  /// The state before the first query, each with a row for each sequence: the weights of the step
  /// before (B, S) for the score location, the step's number (B) for local_monotonic, else nothing.
  std::vector<Variable> start(const AttentionMemory& memory) const;
  /// query (B, query_size), mask (B, S) u8 with 1 where a key may be attended, or empty. A row with
  /// every key masked gives zeros.
  AttentionLook operator()(const Variable& query, const AttentionMemory& memory,
                           const Tensor& mask = {}, std::span<const Variable> state = {}) const;
  void members(MemberVisitor& visit) override;

  AttentionOptions options;
  std::optional<Linear> query;    // additive, location: W (A, query_size), location with b
  std::optional<Linear> key;      // additive, location: U (A, key_size); general: W (query, key)
  std::optional<Linear> both;     // concat: W (A, query_size + key_size)
  std::optional<Parameter> v;     // (A), uniform in [-1/sqrt(A), 1/sqrt(A))
  std::optional<Linear> filter;   // location: (filters, filter_size)
  std::optional<Linear> feature;  // location: V (A, filters)
  std::optional<Linear> place;    // local_predictive: W_p (query_size, query_size)
  std::optional<Parameter> v_p;   // local_predictive: (query_size)

 private:
  AttentionLook align(const Variable& q, const AttentionMemory& memory, const Tensor& mask,
                      std::span<const Variable> state) const;
  Variable scores(const Variable& q, const Variable& keys) const;
  Variable projected(const Variable& q) const;
  Variable features(const Variable& previous) const;
  Variable predicted_place(const Variable& q, int64_t steps, const Tensor& mask) const;
};

/// Where a model looked, on request.
struct AttentionMaps {
  /// One entry for each attention layer, first to last: weights (B, T, S), or (B, heads, T, S).
  std::vector<Tensor> layers;
  /// Of attention by REINFORCE: AttentionLook::log_p of each step, (B, T), for reinforce_loss.
  std::vector<Variable> log_p = {};
};

/// Appends the looks of T steps, one after the other, as one attention layer.
void add_looks(AttentionMaps& maps, std::span<const AttentionLook> looks);

}  // namespace heed::nn
