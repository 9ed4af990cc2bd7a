#pragma once

#include "heed/core/creation.h"
#include "heed/nn/embedding.h"

/// How a model of sets learns about order. Learned positions are an nn::Embedding of
/// arange(first, first + T); these are the other ways. T queries stand behind `past` earlier tokens
/// (in cached decoding), so query i is at position past + i; keys are at 0, 1, ... S - 1.
namespace heed::nn {

/// PE(p, 2 i) = sin(p / 10000^(2 i / size)), PE(p, 2 i + 1) = cos of the same, for the positions
/// p = first, ... first + steps - 1: (steps, size), computed in f64. Vaswani et al. 2017,
/// section 3.5.
Tensor sinusoidal_positions(int64_t steps, int64_t size, int64_t first = 0,
                            TensorOptions options = {});

/// Turns each pair (x_i, x_{i + D/2}) of x (..., T, D) by the angle p base^(-2 i / D), where p is
/// the row's position, past + 0, past + 1, ...: then the dot product of a turned query and a turned
/// key depends on the distance of their positions alone. Queries and keys are turned, values are
/// not. Pairs lie as in GPT-NeoX and Llama. Throws Error unless x is
/// floating, D even and past >= 0.
/// Su et al. 2021, "RoFormer: enhanced transformer with rotary position embedding", eq. 34.
Variable rotary(const Variable& x, int64_t past = 0, double base = 10000);

/// The slope of each head, (heads): 2^(-8 h / heads) for h = 1 ... heads if that is a power
/// of two; else those of the largest power of two below, and every second one of the next power.
/// Press, Smith & Lewis 2022, "Train short, test long: attention with linear biases enables input
/// length extrapolation", section 3 and its code.
Tensor alibi_slopes(int64_t heads, TensorOptions options = {});

/// -slope_h (past + i - j), to be added to the scores of a causal attention: (1, heads, T, S), with
/// S = past + T. Throws Error for a past below 0. Press et al. 2022, section 3.
Tensor alibi_bias(int64_t heads, int64_t queries, int64_t past = 0, TensorOptions options = {});

struct RelativePositionOptions {
  int64_t num_heads = 0;
  bool bidirectional = true;  ///< buckets for keys behind the query too (encoders)
  int64_t num_buckets = 32;
  int64_t max_distance = 128;  ///< all distances beyond share a bucket
};

/// The bucket of each distance j - (past + i), (T, S) i64: half of them for one distance each, the
/// others ever wider up to max_distance; when bidirectional, one half for each direction.
/// Raffel et al. 2020, "Exploring the limits of transfer learning with a unified text-to-text
/// transformer", section 2.1 and its code. Error for too few buckets and sizes below 0.
Tensor relative_position_buckets(const RelativePositionOptions& options, int64_t queries,
                                 int64_t keys, int64_t past = 0);

/// T5's relative bias: a number for each bucket and head, added to the scores of an attention.
struct RelativePositionBias : Module {
  /// Throws Error for sizes below 1, or too few buckets.
  explicit RelativePositionBias(RelativePositionOptions options);
  /// (1, heads, T, S)
  Variable operator()(int64_t queries, int64_t keys, int64_t past = 0) const;
  void members(MemberVisitor& visit) override { visit("relative_attention_bias", table); }

  RelativePositionOptions options;
  Embedding table;  ///< (num_buckets, heads), T5's name
};

}  // namespace heed::nn
