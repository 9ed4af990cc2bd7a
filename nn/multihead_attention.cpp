#include "heed/nn/multihead_attention.h"

#include <cmath>

#include "heed/autograd/dropout.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/nn/init.h"

namespace heed::nn {
namespace {

MultiheadAttentionOptions checked(MultiheadAttentionOptions options) {
  require(options.embed_dim >= 1 && options.num_heads >= 1 &&
              options.embed_dim % options.num_heads == 0,
          "MultiheadAttention: expected an embed_dim that is a multiple of num_heads, got ",
          options.embed_dim, " and ", options.num_heads);
  require(options.kdim >= 0 && options.vdim >= 0,
          "MultiheadAttention: expected kdim and vdim of at least 0, got ", options.kdim, " and ",
          options.vdim);
  require(options.dropout >= 0 && options.dropout <= 1,
          "MultiheadAttention: expected a dropout in [0, 1], got ", options.dropout);
  if (options.kdim == 0) options.kdim = options.embed_dim;
  if (options.vdim == 0) options.vdim = options.embed_dim;
  return options;
}

Parameter xavier(const Shape& shape) {
  Parameter weight(empty(shape));
  init::xavier_uniform_(weight);
  return weight;
}

void check_sequences(const MultiheadAttentionOptions& options, const Variable& query,
                     const Variable& key, const Variable& value) {
  const auto fits = [&](const Variable& x, int64_t width) {
    return x.defined() && x.dim() == 3 && x.size(2) == width;
  };
  const int batch = options.batch_first ? 0 : 1;
  const bool all_fit = fits(query, options.embed_dim) && fits(key, options.kdim) &&
                       fits(value, options.vdim) && query.size(batch) == key.size(batch) &&
                       key.size(0) == value.size(0) && key.size(1) == value.size(1);
  const auto shape = [](const Variable& x) { return x.defined() ? text(x.shape()) : "nothing"; };
  require(all_fit, "MultiheadAttention: expected query ",
          options.batch_first ? "(B, T, " : "(T, B, ", options.embed_dim, "), key ",
          options.batch_first ? "(B, S, " : "(S, B, ", options.kdim, ") and value of ",
          options.vdim, " features, got ", shape(query), ", ", shape(key), " and ", shape(value));
}

/// (B, T, E) -> (B, heads, T, E / heads)
Variable split_heads(const Variable& x, int64_t heads) {
  return transpose(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), 1, 2);
}

/// (B, heads, T, E / heads) -> (B, T, E)
Variable join_heads(const Variable& x) {
  return reshape(transpose(x, 1, 2), {x.size(0), x.size(2), x.size(1) * x.size(3)});
}

/// The masks of one call as the scores (B, heads, T, S) need them.
struct ScoreMask {
  std::vector<Variable> added;  // floating masks
  Tensor allowed;               // u8, 1 where a key may be attended, or empty
};

void include(ScoreMask& all, const Variable& mask) {
  if (mask.dtype() != u8) {
    all.added.push_back(mask);
    return;
  }
  const Tensor allowed = logical_not(mask.value());
  all.allowed = all.allowed.defined() ? logical_and(all.allowed, allowed) : allowed;
}

/// Brings both masks to shapes that broadcast to (B, heads, T, S).
ScoreMask score_mask(const MultiheadMasks& masks, const Shape& scores) {
  const int64_t batch = scores[0], heads = scores[1], queries = scores[2], keys = scores[3];
  ScoreMask all;
  const auto check_dtype = [](const char* name, DType dtype) {
    require(dtype == u8 || is_floating(dtype), "MultiheadAttention: ", name,
            " must be u8 (1: not allowed) or floating (added to the scores), got ", dtype);
  };
  if (const Tensor& padding = masks.key_padding_mask; padding.defined()) {
    check_dtype("key_padding_mask", padding.dtype());
    require(padding.shape() == Shape({batch, keys}),
            "MultiheadAttention: expected a key_padding_mask of shape ", Shape{batch, keys},
            ", got ", padding.shape());
    include(all, reshape(padding, {batch, 1, 1, keys}));
  }
  if (const Variable& mask = masks.attn_mask; mask.defined()) {
    check_dtype("attn_mask", mask.dtype());
    const Shape per_head{batch * heads, queries, keys};
    require(mask.shape() == Shape({queries, keys}) || mask.shape() == per_head,
            "MultiheadAttention: expected an attn_mask of shape ", Shape{queries, keys}, " or ",
            per_head, ", got ", mask.shape());
    include(all, mask.dim() == 2 ? mask : reshape(mask, scores));
  }
  return all;
}

struct Projected {
  Variable query, key, value;  // (B, T | S, E)
};

/// Each sequence through its projection; one product when all three are the same sequence.
Projected project(const MultiheadAttention& layer, const Variable& query, const Variable& key,
                  const Variable& value) {
  std::vector<Variable> biases(3);
  if (layer.in_proj_bias) biases = chunk(*layer.in_proj_bias, 3);
  if (!layer.in_proj_weight)
    return {linear(query, *layer.q_proj_weight, biases[0]),
            linear(key, *layer.k_proj_weight, biases[1]),
            linear(value, *layer.v_proj_weight, biases[2])};
  const auto same = [](const Variable& a, const Variable& b) {
    return a.node() == b.node() && a.output() == b.output() &&
           a.value().raw_data() == b.value().raw_data() && a.shape() == b.shape() &&
           a.value().strides() == b.value().strides();
  };
  if (same(query, key) && same(query, value)) {
    const Variable bias = layer.in_proj_bias ? Variable(*layer.in_proj_bias) : Variable();
    const auto parts = chunk(linear(query, *layer.in_proj_weight, bias), 3, 2);  // (B, T, 3 E)
    return {parts[0], parts[1], parts[2]};
  }
  const auto weights = chunk(*layer.in_proj_weight, 3);  // (E, E) each
  return {linear(query, weights[0], biases[0]), linear(key, weights[1], biases[1]),
          linear(value, weights[2], biases[2])};
}

}  // namespace

MultiheadAttention::MultiheadAttention(MultiheadAttentionOptions given)
    : options(checked(given)), out_proj({options.embed_dim, options.embed_dim, options.bias}) {
  const int64_t size = options.embed_dim;
  if (options.kdim == size && options.vdim == size) {
    in_proj_weight = xavier({3 * size, size});
  } else {
    q_proj_weight = xavier({size, size});
    k_proj_weight = xavier({size, options.kdim});
    v_proj_weight = xavier({size, options.vdim});
  }
  if (!options.bias) return;
  in_proj_bias.emplace(zeros({3 * size}));
  init::zeros_(*out_proj.bias);
}

void MultiheadAttention::members(MemberVisitor& visit) {
  visit("in_proj_weight", in_proj_weight);
  visit("q_proj_weight", q_proj_weight);
  visit("k_proj_weight", k_proj_weight);
  visit("v_proj_weight", v_proj_weight);
  visit("in_proj_bias", in_proj_bias);
  visit("out_proj", out_proj);
}

MultiheadResult MultiheadAttention::operator()(const Variable& query, const Variable& key,
                                               const Variable& value,
                                               const MultiheadMasks& masks) const {
  check_sequences(options, query, key, value);
  const auto heads_of = [&](const Variable& x) {
    return split_heads(options.batch_first ? x : transpose(x, 0, 1), options.num_heads);
  };
  const Projected projected = project(*this, query, key, value);
  const Variable q = heads_of(projected.query), k = heads_of(projected.key);  // (B, H, T | S, E/H)
  Variable scores = matmul(q * (1 / std::sqrt(double(q.size(3)))), transpose(k, 2, 3));
  const ScoreMask mask = score_mask(masks, scores.shape());  // (B, H, T, S)
  for (const Variable& added : mask.added) scores = scores + added;
  const Variable weights = dropout(softmax(scores, 3, mask.allowed), options.dropout, training);
  const Variable joined = join_heads(matmul(weights, heads_of(projected.value)));  // (B, T, E)
  const Variable output = out_proj(options.batch_first ? joined : transpose(joined, 0, 1));
  if (!masks.need_weights) return {output, {}};
  return {output, masks.average_attn_weights ? mean(weights, {1}) : weights};
}

}  // namespace heed::nn
