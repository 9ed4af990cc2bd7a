#include "heed/nn/attention.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"

namespace heed::nn {
namespace {

constexpr std::string_view score_names[] = {"additive", "dot", "general", "scaled_dot"};

void check_options(const AttentionOptions& options) {
  require(options.query_size >= 1 && options.key_size >= 1,
          "Attention: expected query_size and key_size of at least 1, got ", options.query_size,
          " and ", options.key_size);
  const bool additive = options.score == Score::additive;
  require(
      additive ? options.hidden_size >= 1 : options.hidden_size == 0,
      "Attention: expected a hidden_size of at least 1 for the additive score and 0 for others, "
      "got ",
      options.hidden_size, " for ", score_names[size_t(options.score)]);
  const bool compares_directly = options.score == Score::dot || options.score == Score::scaled_dot;
  require(!compares_directly || options.query_size == options.key_size,
          "Attention: a dot product needs query_size = key_size, got ", options.query_size, " and ",
          options.key_size);
}

/// q . k_s for every key: query (B, A), keys (B, S, A) -> (B, S).
Variable dot_scores(const Variable& query, const Variable& keys) {
  return squeeze(matmul(keys, unsqueeze(query, 2)), 2);
}

}  // namespace

Score score_from_name(std::string_view name) {
  for (size_t i = 0; i < std::size(score_names); ++i)
    if (name == score_names[i]) return Score(i);
  fail("score: expected additive, dot, general or scaled_dot, got \"", name, "\"");
}

Tensor length_mask(const Tensor& lengths, int64_t steps) {
  require(lengths.dtype() == i64 && lengths.dim() == 1,
          "length_mask: expected lengths (batch) of i64, got ", lengths.shape(), " of ",
          lengths.dtype());
  return arange(steps) < unsqueeze(lengths, 1);  // (B, steps)
}

AttentionStep soft_alignment(const Variable& scores, const Variable& values, const Tensor& mask) {
  const Variable weights = mask.defined() ? softmax(scores, 1, mask) : softmax(scores, 1);
  return {squeeze(matmul(unsqueeze(weights, 1), values), 1), weights};
}

Attention::Attention(AttentionOptions options) : options(options) {
  check_options(options);
  const int64_t hidden = options.hidden_size;
  if (options.score == Score::additive) {
    query.emplace(LinearOptions{options.query_size, hidden, false});
    key.emplace(LinearOptions{options.key_size, hidden, false});
    const double bound = 1 / std::sqrt(double(hidden));
    v.emplace(uniform({hidden}, -bound, bound));
  } else if (options.score == Score::general) {
    key.emplace(LinearOptions{options.key_size, options.query_size, false});
  }
}

void Attention::members(MemberVisitor& visit) {
  visit("query", query);
  visit("key", key);
  visit("v", v);
}

AttentionMemory Attention::prepare(const Variable& memory) const {
  require(memory.dim() == 3 && memory.size(2) == options.key_size,
          "Attention: expected a memory of shape (batch, steps, ", options.key_size, "), got ",
          memory.shape());
  return {memory, key ? (*key)(memory) : memory};
}

AttentionStep Attention::operator()(const Variable& q, const AttentionMemory& memory,
                                    const Tensor& mask) const {
  const auto& [values, keys] = memory;
  require(q.shape() == Shape({values.size(0), options.query_size}),
          "Attention: expected a query of shape ", Shape{values.size(0), options.query_size},
          ", got ", q.shape());
  const Shape places{values.size(0), values.size(1)};
  require(!mask.defined() || (mask.dtype() == u8 && mask.shape() == places),
          "Attention: expected a mask of shape ", places, " of u8, got ",
          mask.defined() ? text(mask.shape()) + " of " + text(mask.dtype()) : "");
  switch (options.score) {
    case Score::additive:
      return additive_attention((*query)(q), keys, values, *v, mask);
    case Score::scaled_dot: {
      const double scale = 1 / std::sqrt(double(options.query_size));
      return soft_alignment(dot_scores(q * scale, keys), values, mask);
    }
    default:
      return soft_alignment(dot_scores(q, keys), values, mask);
  }
}

}  // namespace heed::nn
