#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "heed/autograd/attention.h"
#include "heed/nn/linear.h"

/// Attention of one query for each sequence over that sequence's memory: a score says how well each
/// key answers the query, an alignment turns the scores into weights and a context.
namespace heed::nn {

/// How a query q and a key k of the memory are compared:
///   additive    v . tanh(W q + U k)    Bahdanau et al. 2015, appendix A.1.2
///   dot         q . k                  Luong et al. 2015, eq. 8
///   general     q . W k                Luong et al. 2015, eq. 8
///   scaled_dot  q . k / sqrt(size)     Vaswani et al. 2017, eq. 1
enum class Score { additive, dot, general, scaled_dot };

/// The score of that name, "additive" and so on; throws Error for any other.
Score score_from_name(std::string_view name);

struct AttentionOptions {
  Score score = Score::additive;
  int64_t query_size = 0;
  int64_t key_size = 0;     ///< of the memory; dot and scaled_dot: equal to query_size
  int64_t hidden_size = 0;  ///< A, of the additive score; the others have none
};

/// A memory made ready for many queries: what depends on the keys alone is computed once.
struct AttentionMemory {
  Variable values;  ///< (B, S, key_size), what contexts are made of
  Variable keys;    ///< (B, S, A), what queries are compared with
};

/// Which steps of padded sequences are real: lengths (B) i64 -> (B, steps) u8, 1 where
/// step < length.
Tensor length_mask(const Tensor& lengths, int64_t steps);

/// weights = softmax over the scores (B, S), context = sum_s weights_s values_s (B, D). mask (B, S)
/// u8, 1 where a key may be attended, or empty; a row with every key masked gives zeros.
AttentionStep soft_alignment(const Variable& scores, const Variable& values,
                             const Tensor& mask = {});

/// One attention for every score, with soft alignment:
///
///     const nn::AttentionMemory memory = attention.prepare(encoded);
///     const auto [context, weights] = attention(h, memory, mask);
struct Attention : Module {
  /// Throws Error for sizes below 1, or ones that do not fit the score.
  explicit Attention(AttentionOptions options);

  /// memory (B, S, key_size): once for each sentence.
  AttentionMemory prepare(const Variable& memory) const;
  /// query (B, query_size), mask as for soft_alignment -> context (B, key_size), weights (B, S).
  AttentionStep operator()(const Variable& query, const AttentionMemory& memory,
                           const Tensor& mask = {}) const;
  void members(MemberVisitor& visit) override;

  AttentionOptions options;
  std::optional<Linear> query;  // additive: W (A, query_size)
  std::optional<Linear> key;    // additive: U (A, key_size); general: W (query_size, key_size)
  std::optional<Parameter> v;   // additive: (A), uniform in [-1/sqrt(A), 1/sqrt(A))
};

/// Where a model looked, on request: one entry for each attention layer, first to last, of weights
/// (B, T, S), or (B, heads, T, S).
struct AttentionMaps {
  std::vector<Tensor> layers;
};

}  // namespace heed::nn
