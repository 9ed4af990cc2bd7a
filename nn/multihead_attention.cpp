#include "heed/nn/multihead_attention.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/scaled_dot_product_attention.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/nn/init.h"
#include "heed/nn/positions.h"

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
  if (options.num_kv_heads == 0) options.num_kv_heads = options.num_heads;
  require(options.num_kv_heads >= 1 && options.num_heads % options.num_kv_heads == 0,
          "MultiheadAttention: expected num_kv_heads that divide num_heads, got ",
          options.num_kv_heads, " and ", options.num_heads);
  require(!options.rotary || options.embed_dim / options.num_heads % 2 == 0,
          "MultiheadAttention: rotary needs heads of an even size, got ",
          options.embed_dim / options.num_heads);
  return options;
}

/// C, the width of all keys.
int64_t key_width(const MultiheadAttentionOptions& options) {
  return options.embed_dim / options.num_heads * options.num_kv_heads;
}

Parameter xavier(const Shape& shape) {
  Parameter weight(empty(shape));
  init::xavier_uniform_(weight);
  return weight;
}

std::string shape_of(const Variable& x) { return x.defined() ? text(x.shape()) : "nothing"; }

bool is_sequence(const Variable& x, int64_t width) {
  return x.defined() && x.dim() == 3 && x.size(2) == width;
}

void check_query(const MultiheadAttentionOptions& options, const Variable& query) {
  require(is_sequence(query, options.embed_dim), "MultiheadAttention: expected query ",
          options.batch_first ? "(B, T, " : "(T, B, ", options.embed_dim, "), got ",
          shape_of(query));
}

void check_memory(const MultiheadAttentionOptions& options, const Variable& key,
                  const Variable& value) {
  const bool fit = is_sequence(key, options.kdim) && is_sequence(value, options.vdim) &&
                   key.size(0) == value.size(0) && key.size(1) == value.size(1);
  require(fit, "MultiheadAttention: expected key ", options.batch_first ? "(B, S, " : "(S, B, ",
          options.kdim, ") and value of ", options.vdim, " features, got ", shape_of(key), " and ",
          shape_of(value));
}

/// Brings the masks to shapes that broadcast to the scores (B, H, T, S).
struct ScoreMask {
  Tensor allowed;  // u8, 1 where a key may be attended, or empty
  Variable added;  // floating, or empty

  void include(const Variable& mask) {
    if (mask.dtype() == u8) {
      const Tensor open = logical_not(mask.value());
      allowed = allowed.defined() ? logical_and(allowed, open) : open;
    } else {
      added = added.defined() ? added + mask : mask;
    }
  }
};

void check_dtype(const char* name, DType dtype, DType scores) {
  require(dtype == u8 || dtype == scores, "MultiheadAttention: ", name,
          " must be u8 (1: not allowed) or ", scores, " (added to the scores), got ", dtype);
}

void check_attn_mask(const Variable& mask, const Shape& scores) {
  const int64_t batch = scores[0], heads = scores[1], queries = scores[2], keys = scores[3];
  const Shape per_head{batch * heads, queries, keys}, per_sequence{batch, queries, keys};
  bool fits = mask.shape() == Shape({queries, keys}) || mask.shape() == per_head;
  if (mask.dim() == 4) {
    fits = true;
    for (int i = 0; i < 4; ++i) fits = fits && (mask.size(i) == scores[i] || mask.size(i) == 1);
  }
  require(fits, "MultiheadAttention: expected an attn_mask of shape ", Shape{queries, keys}, ", ",
          per_head, " or one that broadcasts to ", scores, ", got ", mask.shape(),
          mask.shape() == per_sequence ? "; one for each sequence is unsqueeze(mask, 1)" : "");
}

ScoreMask score_mask(const MultiheadMasks& masks, const Shape& scores, DType dtype) {
  const int64_t batch = scores[0], keys = scores[3];
  ScoreMask all;
  if (const Tensor& padding = masks.key_padding_mask; padding.defined()) {
    require(padding.shape() == Shape({batch, keys}),
            "MultiheadAttention: expected a key_padding_mask of shape ", Shape{batch, keys},
            ", got ", padding.shape());
    check_dtype("key_padding_mask", padding.dtype(), dtype);
    all.include(reshape(padding, {batch, 1, 1, keys}));
  }
  if (const Variable& mask = masks.attn_mask; mask.defined()) {
    check_attn_mask(mask, scores);
    check_dtype("attn_mask", mask.dtype(), dtype);
    all.include(mask.dim() == 3 ? reshape(mask, scores) : mask);
  }
  return all;
}

bool same(const Variable& a, const Variable& b) {
  return a.node() == b.node() && a.output() == b.output() &&
         a.value().raw_data() == b.value().raw_data() && a.shape() == b.shape() &&
         a.value().strides() == b.value().strides();
}

/// The parts of in_proj that make query, key and value.
struct Projection {
  explicit Projection(const MultiheadAttention& layer) : biases(3) {
    const int64_t size = layer.options.embed_dim, keys = key_width(layer.options);
    if (layer.in_proj_bias) biases = split(*layer.in_proj_bias, {size, keys, keys});
    if (layer.in_proj_weight)
      weights = split(*layer.in_proj_weight, {size, keys, keys});
    else
      weights = {*layer.q_proj_weight, *layer.k_proj_weight, *layer.v_proj_weight};
  }
  Variable operator()(size_t part, const Variable& x) const {
    return linear(x, weights[part], biases[part]);
  }
  std::vector<Variable> weights, biases;
};

/// Attention of the heads q (B, H, T, D), which stand behind `past` tokens.
MultiheadResult attend(const MultiheadAttention& layer, const Variable& q,
                       const MultiheadMemory& memory, const MultiheadMasks& masks, int64_t past) {
  const auto& options = layer.options;
  require(memory.keys.size(0) == q.size(0), "MultiheadAttention: queries of a batch of ", q.size(0),
          " and keys of ", memory.keys.size(0));
  const Shape scores{q.size(0), q.size(1), q.size(2), memory.keys.size(2)};
  const ScoreMask mask = score_mask(masks, scores, q.dtype());
  const ScaledDotProductOptions how{.mask = mask.allowed,
                                    .bias = mask.added,
                                    .is_causal = masks.is_causal,
                                    .past = past,
                                    .dropout_p = layer.training ? options.dropout : 0};
  const Variable joined =
      join_heads(scaled_dot_product_attention(q, memory.keys, memory.values, how));  // (B, T, E)
  MultiheadResult result{layer.out_proj(options.batch_first ? joined : transpose(joined, 0, 1)),
                         {}};
  if (!masks.need_weights) return result;
  result.weights = attention_weights(q, memory.keys, how);  // (B, H, T, S)
  if (masks.average_attn_weights) result.weights = mean(result.weights, {1});
  return result;
}

/// Several sequences of queries for each of the memory: they are one sequence of as many queries.
MultiheadResult attend_shared(const MultiheadAttention& layer, const Variable& query,
                              const MultiheadMemory& memory, const MultiheadMasks& masks) {
  require(!masks.attn_mask.defined() && !masks.is_causal,
          "MultiheadAttention: queries that share a memory take no attn_mask and are not causal");
  const int64_t batch = memory.keys.size(0), rows = query.size(0), queries = query.size(1);
  const int64_t together = rows / batch * queries;
  MultiheadResult result = layer(reshape(query, {batch, together, query.size(2)}), memory, masks);
  result.output = reshape(result.output, query.shape());
  if (!masks.need_weights) return result;
  const int64_t keys = memory.keys.size(2);
  if (masks.average_attn_weights) {
    result.weights = reshape(result.weights, {rows, queries, keys});
  } else {
    const int64_t heads = layer.options.num_heads;
    const Variable apart = reshape(result.weights, {batch, heads, rows / batch, queries, keys});
    result.weights = reshape(transpose(apart, 1, 2), {rows, heads, queries, keys});
  }
  return result;
}

}  // namespace

Variable split_heads(const Variable& x, int64_t heads) {
  return transpose(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), 1, 2);
}

Variable join_heads(const Variable& x) {
  return reshape(transpose(x, 1, 2), {x.size(0), x.size(2), x.size(1) * x.size(3)});
}

MultiheadAttention::MultiheadAttention(MultiheadAttentionOptions given)
    : options(checked(given)), out_proj({options.embed_dim, options.embed_dim, options.bias}) {
  const int64_t size = options.embed_dim, keys = key_width(options);
  if (options.kdim == size && options.vdim == size) {
    in_proj_weight = xavier({size + 2 * keys, size});
  } else {
    q_proj_weight = xavier({size, size});
    k_proj_weight = xavier({keys, options.kdim});
    v_proj_weight = xavier({keys, options.vdim});
  }
  if (!options.bias) return;
  in_proj_bias.emplace(zeros({size + 2 * keys}));
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
  check_query(options, query);
  check_memory(options, key, value);
  require(
      !masks.cache || same(query, key),
      "MultiheadAttention: a cache is of a self-attention, where query and key are one Variable");
  const auto heads_of = [&](const Variable& x, int64_t heads) {
    return split_heads(options.batch_first ? x : transpose(x, 0, 1), heads);
  };
  std::vector<Variable> projected;  // (B, T | S, E | C)
  if (in_proj_weight && same(query, key) && same(query, value)) {
    const int64_t keys = key_width(options);
    projected = split(linear(query, *in_proj_weight, or_none(in_proj_bias)),
                      {options.embed_dim, keys, keys}, 2);
  } else {
    const Projection project(*this);
    projected = {project(0, query), project(1, key), project(2, value)};
  }
  Variable q = heads_of(projected[0], options.num_heads);  // (B, H, T, D)
  MultiheadMemory memory{heads_of(projected[1], options.num_kv_heads),
                         heads_of(projected[2], options.num_kv_heads)};  // (B, K, S, D)
  KvCache cache = masks.cache ? *masks.cache : KvCache();
  const int64_t past = cache.length();
  if (options.rotary) {
    q = rotary(q, past);
    memory.keys = rotary(memory.keys, past);
  }
  if (masks.cache) {
    cache = cache.append(memory.keys, memory.values);
    memory = {cache.keys(), cache.values()};
  }
  const MultiheadResult result = attend(*this, q, memory, masks, past);
  if (masks.cache) *masks.cache = cache;  // a call that throws leaves it as it was
  return result;
}

MultiheadMemory MultiheadAttention::prepare(const Variable& key, const Variable& value) const {
  check_memory(options, key, value);
  require(!options.rotary,
          "MultiheadAttention: rotary positions are those of one sequence; "
          "prepare is for another one than the queries'");
  const Projection project(*this);
  const auto heads_of = [&](const Variable& x) {
    return split_heads(options.batch_first ? x : transpose(x, 0, 1), options.num_kv_heads);
  };
  return {heads_of(project(1, key)), heads_of(project(2, value))};
}

MultiheadResult MultiheadAttention::operator()(const Variable& query, const MultiheadMemory& memory,
                                               const MultiheadMasks& masks) const {
  check_query(options, query);
  require(!masks.cache, "MultiheadAttention: a cache is of a self-attention");
  const int64_t batch = memory.keys.size(0);
  if (options.batch_first && query.size(0) > batch && batch > 0 && query.size(0) % batch == 0)
    return attend_shared(*this, query, memory, masks);
  const Variable projected = Projection(*this)(0, query);
  const Variable q =
      split_heads(options.batch_first ? projected : transpose(projected, 0, 1), options.num_heads);
  return attend(*this, q, memory, masks, 0);
}

}  // namespace heed::nn
