#include "heed/models/decode/sampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/error.h"
#include "heed/core/reduce.h"
#include "heed/core/softmax.h"
#include "heed/core/sort.h"

namespace heed::models {
namespace {

/// A copy in f64 to write in.
Tensor copy_of(const char* op, const Tensor& logits) {
  require(logits.dim() == 2 && is_floating(logits.dtype()), op,
          ": expected floating logits (batch, tokens), got ", logits.shape(), " of ",
          logits.dtype());
  const Tensor copy = empty(logits.shape(), {.dtype = f64});
  copy.copy_(logits);
  return copy;
}

/// x (B, V) at the first counts(row) of the places (B, K), which a row has once each, -inf
/// elsewhere.
template <class Count>
Tensor only(const Tensor& x, const Tensor& places, const Count& counts) {
  const Tensor kept = full(x.shape(), -INFINITY, {.dtype = f64});
  const int64_t size = x.size(1), width = places.size(1);
  const double* from = x.data<double>();
  const int64_t* at = places.data<int64_t>();
  double* to = kept.mutable_data<double>();
  for (int64_t row = 0; row < x.size(0); ++row) {
    const int64_t count = counts(row);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t place = row * size + at[row * width + i];
      to[place] = from[place];
    }
  }
  return kept;
}

/// 1 at the best token of each row, 0 elsewhere.
Tensor always_the_best(const Tensor& logits) {
  return one_hot(argmax(logits, 1), logits.size(1), {.dtype = f64});
}

}  // namespace

Tensor penalize_repetition(const Tensor& logits, const Tensor& read, double penalty) {
  const Tensor out = copy_of("penalize_repetition", logits);
  require(penalty > 0, "penalize_repetition: expected a penalty above 0, got ", penalty);
  require(read.dim() == 2 && read.dtype() == i64 && read.size(0) == out.size(0),
          "penalize_repetition: expected the tokens read (", out.size(0), ", any) of i64, got ",
          read.shape(), " of ", read.dtype());
  const int64_t size = out.size(1), count = read.size(1);
  double* row = out.mutable_data<double>();
  const Tensor tokens = contiguous(read);
  const int64_t* token = tokens.data<int64_t>();
  std::vector<bool> met;
  for (int64_t b = 0; b < out.size(0); ++b, row += size, token += count) {
    met.assign(size_t(size), false);
    for (int64_t i = 0; i < count; ++i) {
      require(token[i] >= 0 && token[i] < size, "penalize_repetition: token ", token[i],
              " is not one of ", size);
      if (met[size_t(token[i])]) continue;
      met[size_t(token[i])] = true;
      double& x = row[token[i]];
      x = x > 0 ? x / penalty : x * penalty;
    }
  }
  return out;
}

Tensor keep_top_k(const Tensor& logits, int64_t k) {
  const Tensor x = copy_of("keep_top_k", logits);
  require(k >= 1, "keep_top_k: expected a k of at least 1, got ", k);
  if (k >= x.size(1)) return x;
  return only(x, topk(x, k, 1).indices, [k](int64_t) { return k; });
}

Tensor keep_top_p(const Tensor& logits, double p) {
  const Tensor x = copy_of("keep_top_p", logits);
  require(p > 0 && p <= 1, "keep_top_p: expected a p in (0, 1], got ", p);
  if (p == 1) return x;
  const Tensor probability = softmax(x, 1);
  // A few of the best tokens mostly reach p: sorting all would cost ten times as much.
  const int64_t size = x.size(1);
  int64_t k = std::min<int64_t>(size, 64);
  SortResult top = topk(probability, k, 1);
  while (k < size && amin(sum(top.values, {1})).item() < p) {
    k = k < 1024 ? std::min<int64_t>(size, 1024) : size;
    top = topk(probability, k, 1);
  }
  return only(x, top.indices, [&](int64_t row) {
    const double* value = top.values.data<double>() + row * k;
    int64_t kept = 0;
    for (double reached = 0; kept < k && reached < p; ++kept) reached += value[kept];
    return kept;
  });
}

void detail::check_sampling(const char* op, const SamplingOptions& options) {
  require(options.temperature >= 0, op, ": expected a temperature of at least 0, got ",
          options.temperature);
  require(options.top_k >= 0, op, ": expected a top_k of at least 0, got ", options.top_k);
}

Tensor next_token_probabilities(const Tensor& logits, const Tensor& read,
                                const SamplingOptions& options) {
  detail::check_sampling("next_token_probabilities", options);
  Tensor x = copy_of("next_token_probabilities", logits);
  if (options.repetition_penalty != 1) x = penalize_repetition(x, read, options.repetition_penalty);
  if (options.takes_the_best()) return always_the_best(x);
  // 0 is no temperature to divide by, and one just above it would divide the logits to infinity:
  // the largest is taken out first, so that it stays 0.
  x = (x - amax(x, {1}, true)) / options.temperature;
  if (options.top_k > 0) x = keep_top_k(x, options.top_k);
  return softmax(keep_top_p(x, options.top_p), 1);
}

}  // namespace heed::models
