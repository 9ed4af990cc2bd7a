#include "heed/nn/attention.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"

namespace heed::nn {
namespace {

constexpr std::string_view score_names[] = {"additive",   "dot",    "general",
                                            "scaled_dot", "concat", "location"};

void check_options(const AttentionOptions& options) {
  require(options.query_size >= 1 && options.key_size >= 1,
          "Attention: expected query_size and key_size of at least 1, got ", options.query_size,
          " and ", options.key_size);
  require(adds(options.score) ? options.hidden_size >= 1 : options.hidden_size == 0,
          "Attention: expected a hidden_size of at least 1 for the scores additive, concat and "
          "location and 0 for others, got ",
          options.hidden_size, " for ", score_names[size_t(options.score)]);
  const bool compares_directly = options.score == Score::dot || options.score == Score::scaled_dot;
  require(!compares_directly || options.query_size == options.key_size,
          "Attention: a dot product needs query_size = key_size, got ", options.query_size, " and ",
          options.key_size);
  require(options.window > 0 && options.tau > 0, "Attention: expected window and tau above 0, got ",
          options.window, " and ", options.tau);
  require(options.filters >= 1 && options.filter_size % 2 == 1,
          "Attention: expected at least one filter of an odd size, got ", options.filters, " of ",
          options.filter_size);
}

/// q . k_s for every key: query (B, A), keys (B, S, A) -> (B, S).
Variable dot_scores(const Variable& query, const Variable& keys) {
  return squeeze(matmul(keys, unsqueeze(query, 2)), 2);
}

}  // namespace

bool adds(Score score) {
  return score == Score::additive || score == Score::concat || score == Score::location;
}

Score score_from_name(std::string_view name) {
  for (size_t i = 0; i < std::size(score_names); ++i)
    if (name == score_names[i]) return Score(i);
  fail("score: expected additive, dot, general, scaled_dot, concat or location, got \"", name,
       "\"");
}

Tensor length_mask(const Tensor& lengths, int64_t steps) {
  require(lengths.dtype() == i64 && lengths.dim() == 1,
          "length_mask: expected lengths (batch) of i64, got ", lengths.shape(), " of ",
          lengths.dtype());
  const Tensor list = contiguous(lengths);
  const int64_t* values = list.data<int64_t>();
  for (int64_t b = 0; b < list.numel(); ++b)
    require(values[b] >= 0 && values[b] <= steps, "length_mask: lengths[", b, "] is ", values[b],
            ", expected 0 to ", steps);
  return arange(steps) < unsqueeze(lengths, 1);  // (B, steps)
}

Tensor padding_mask(const Tensor& lengths, int64_t steps) {
  return logical_not(length_mask(lengths, steps));
}

Attention::Attention(AttentionOptions given) : options(given) {
  check_options(options);
  const int64_t hidden = options.hidden_size, q = options.query_size, k = options.key_size;
  const auto vector = [](int64_t size) {
    const double bound = 1 / std::sqrt(double(size));
    return Parameter(uniform({size}, -bound, bound));
  };
  const bool location = options.score == Score::location;
  if (options.score == Score::additive || location) {
    query.emplace(LinearOptions{q, hidden, location});
    key.emplace(LinearOptions{k, hidden, false});
  }
  if (options.score == Score::general) key.emplace(LinearOptions{k, q, false});
  if (options.score == Score::concat) both.emplace(LinearOptions{q + k, hidden, false});
  if (adds(options.score)) v.emplace(vector(hidden));
  if (location) {
    filter.emplace(LinearOptions{options.filter_size, options.filters, false});
    feature.emplace(LinearOptions{options.filters, hidden, false});
  }
  if (options.alignment == Alignment::local_predictive) {
    place.emplace(LinearOptions{q, q, false});
    v_p.emplace(vector(q));
  }
}

void Attention::members(MemberVisitor& visit) {
  visit("query", query);
  visit("key", key);
  visit("both", both);
  visit("v", v);
  visit("filter", filter);
  visit("feature", feature);
  visit("place", place);
  visit("v_p", v_p);
}

AttentionMemory Attention::prepare(const Variable& memory) const {
  require(memory.dim() == 3 && memory.size(2) == options.key_size,
          "Attention: expected a memory of shape (batch, steps, ", options.key_size, "), got ",
          memory.shape());
  if (both)
    return {memory,
            linear(memory, narrow(widened(both->weight), 1, options.query_size, options.key_size))};
  return {memory, key ? (*key)(memory) : memory};
}

std::vector<Variable> Attention::start(const AttentionMemory& memory) const {
  const int64_t B = memory.values.size(0), S = memory.values.size(1);
  std::vector<Variable> state;
  if (options.score == Score::location)
    state.emplace_back(zeros({B, S}, {.dtype = memory.values.dtype()}));
  if (options.alignment == Alignment::local_monotonic)
    state.emplace_back(zeros({B}, {.dtype = i64}));
  return state;
}

AttentionLook Attention::operator()(const Variable& q, const AttentionMemory& memory,
                                    const Tensor& mask, std::span<const Variable> state) const {
  const Variable& values = memory.values;
  require(q.shape() == Shape({values.size(0), options.query_size}),
          "Attention: expected a query of shape ", Shape{values.size(0), options.query_size},
          ", got ", q.shape());
  const Shape places{values.size(0), values.size(1)};
  require(!mask.defined() || (mask.dtype() == u8 && mask.shape() == places),
          "Attention: expected a mask of shape ", places, " of u8, got ",
          mask.defined() ? text(mask.shape()) + " of " + text(mask.dtype()) : "");
  const bool location = options.score == Score::location;
  const bool monotonic = options.alignment == Alignment::local_monotonic;
  require(state.size() == size_t(location) + size_t(monotonic), "Attention: expected a state of ",
          int(location) + int(monotonic), " parts, of start() or of the step before, got ",
          state.size());
  AttentionMemory seen = memory;
  if (location) seen.keys = seen.keys + features(state[0]);
  AttentionLook look = align(q, seen, mask, state);
  if (location) look.state.push_back(look.weights);
  if (monotonic) look.state.emplace_back(state.back().value() + 1);
  return look;
}

/// Weights and context by the options' alignment.
AttentionLook Attention::align(const Variable& q, const AttentionMemory& memory, const Tensor& mask,
                               std::span<const Variable> state) const {
  if (options.alignment == Alignment::soft && adds(options.score)) {
    const auto [context, weights] =
        additive_attention(projected(q), memory.keys, memory.values, *v, mask);
    return {context, weights};
  }
  const Variable e = scores(q, memory.keys);  // (B, S)
  AttentionLook look;
  const DrawOptions drawing{.draw = training, .tau = options.tau};
  switch (options.alignment) {
    case Alignment::soft:
      look.weights = soft_weights(e, mask);
      break;
    case Alignment::local_monotonic:
      look.weights = window_weights(e, state.back().value(), options.window, mask);
      break;
    case Alignment::local_predictive:
      look.weights = gaussian_weights(e, predicted_place(q, e.size(1), mask), options.window, mask);
      break;
    case Alignment::reinforce: {
      const HardChoice choice = draw_choice(e, mask, drawing);
      look.weights = choice.weights;
      look.log_p = choice.log_p;
      break;
    }
    case Alignment::gumbel:
      look.weights = gumbel_softmax(e, mask, drawing);
  }
  look.context = weighted_sum(look.weights, memory.values);
  return look;
}

/// The scores (B, S) of every key.
Variable Attention::scores(const Variable& q, const Variable& keys) const {
  if (adds(options.score))
    return squeeze(matmul(tanh(unsqueeze(projected(q), 1) + keys), unsqueeze(*v, 1)), 2);
  if (options.score != Score::scaled_dot) return dot_scores(q, keys);
  return dot_scores(q * (1 / std::sqrt(double(options.query_size))), keys);
}

/// W q, of the scores that add: (B, A).
Variable Attention::projected(const Variable& q) const {
  return both ? linear(q, narrow(widened(both->weight), 1, 0, options.query_size)) : (*query)(q);
}

/// V f, (B, S, A), from the weights (B, S) of the step before.
Variable Attention::features(const Variable& previous) const {
  const int64_t size = options.filter_size, S = previous.size(1);
  const Variable padded = pad(previous, {size / 2, size / 2});
  std::vector<Variable> shifted;
  for (int64_t i = 0; i < size; ++i) shifted.push_back(narrow(padded, 1, i, S));
  return (*feature)((*filter)(stack(shifted, 2)));  // (B, S, size) -> (B, S, A)
}

/// Luong et al. 2015, eq. 9: p = S sigmoid(v_p . tanh(W_p q)), (B), S the number of keys.
Variable Attention::predicted_place(const Variable& q, int64_t steps, const Tensor& mask) const {
  const Variable share = sigmoid(squeeze(matmul(tanh((*place)(q)), unsqueeze(*v_p, 1)), 1));
  if (!mask.defined()) return share * double(steps);
  return share * Variable(heed::to(sum(mask, {1}), share.dtype()));
}

void add_looks(AttentionMaps& maps, std::span<const AttentionLook> looks) {
  std::vector<Tensor> weights;
  std::vector<Variable> log_p;
  for (const AttentionLook& look : looks) {
    weights.push_back(look.weights.value());
    if (look.log_p.defined()) log_p.push_back(look.log_p);
  }
  maps.layers.push_back(stack(weights, 1));  // (B, T, S)
  if (!log_p.empty()) maps.log_p.push_back(stack(log_p, 1));
}

}  // namespace heed::nn
