#include "heed/autograd/scaled_dot_product_attention.h"

#include <cmath>

#include "heed/autograd/dropout.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

/// Each head of x (B, K, S, D) as often as query heads share it: (B, H, S, D).
Variable for_each_query_head(const Variable& x, int64_t heads) {
  const int64_t shared = heads / x.size(1);
  if (shared == 1) return x;
  const Variable copies =
      expand(unsqueeze(x, 2), {x.size(0), x.size(1), shared, x.size(2), x.size(3)});
  return reshape(copies, {x.size(0), heads, x.size(2), x.size(3)});
}

/// u8 (T, S), 1 where j <= past + i.
Tensor causal_mask(int64_t queries, int64_t keys, int64_t past) {
  return arange(keys) <= unsqueeze(arange(past, past + queries), 1);
}

}  // namespace

Variable attention_weights(const Variable& query, const Variable& key,
                           const ScaledDotProductOptions& options) {
  const double scale = options.scale.value_or(1 / std::sqrt(double(query.size(3))));
  const Variable keys = for_each_query_head(key, query.size(1));
  Variable scores = matmul(query * scale, transpose(keys, 2, 3));  // (B, H, T, S)
  if (options.bias.defined()) scores = scores + options.bias;
  Tensor mask = options.mask;
  if (options.is_causal) {
    const Tensor past = causal_mask(query.size(2), key.size(2), options.past);
    mask = mask.defined() ? logical_and(mask, past) : past;
  }
  return softmax(scores, 3, mask);
}

Variable scaled_dot_product_attention(const Variable& query, const Variable& key,
                                      const Variable& value,
                                      const ScaledDotProductOptions& options) {
  const Variable weights = attention_weights(query, key, options);
  return matmul(dropout(weights, options.dropout_p, options.dropout_p > 0, options.generator),
                for_each_query_head(value, query.size(1)));
}

}  // namespace heed
