#include "heed/core/scaled_dot_product_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/core/attention_problem.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"

namespace heed {
namespace detail {
namespace {

/// False for NaN and infinity anywhere in x (and for sums that overflow).
bool finite(const Tensor& x) { return std::isfinite(sum(x).item()); }

/// May there be keys that no query attends to?
bool hides_keys(const Tensor& query, const Tensor& key, const ScaledDotProductSettings& settings) {
  return (settings.mask.defined() && all(settings.mask).item() == 0) || settings.bias.defined() ||
         (settings.is_causal && settings.past < key.size(2) - query.size(2));
}

}  // namespace

Tensor allowed_keys(const ScaledDotProductSettings& settings, int64_t queries, int64_t keys) {
  Tensor allowed = settings.mask;
  const auto also = [&](const Tensor& x) {
    allowed = allowed.defined() ? logical_and(allowed, x) : x;
  };
  if (settings.is_causal) {
    const int64_t past = std::min(settings.past, keys);  // more says nothing new, and overflows
    also(le(arange(keys), unsqueeze(arange(past, past + queries), 1)));  // j <= past + i
  }
  if (settings.bias.defined()) also(ne(settings.bias, -std::numeric_limits<double>::infinity()));
  return allowed;
}

Tensor unread_keys(const Tensor& query, const Tensor& key, const Tensor& value,
                   const ScaledDotProductSettings& settings) {
  if (!hides_keys(query, key, settings) || (finite(key) && finite(value))) return {};
  const int64_t queries = query.size(2), keys = key.size(2);
  const Tensor allowed =
      expand(allowed_keys(settings, queries, keys), {query.size(0), query.size(1), queries, keys});
  const Tensor heads =
      reshape(any(allowed, {2}), {query.size(0), key.size(1), query.size(1) / key.size(1), keys});
  return unsqueeze(logical_not(any(heads, {2})), 3);
}

}  // namespace detail

ScaledDotProduct scaled_dot_product_attention(const Tensor& query, const Tensor& key,
                                              const Tensor& value,
                                              const ScaledDotProductSettings& settings) {
  constexpr const char* op = "scaled_dot_product_attention";
  detail::check_scaled_dot_product(op, query, key, value, settings);
  const int64_t batch = query.size(0), heads = query.size(1), queries = query.size(2);
  const DType dtype = query.dtype();
  const ScaledDotProduct result{
      transpose(Tensor::allocate({batch, queries, heads, value.size(3)}, dtype), 1, 2),
      Tensor::allocate({batch, heads, queries}, dtype)};
  if (result.logsumexp.numel() == 0) return result;
  const auto attend = [&](const Tensor& k, const Tensor& v) {
    dispatch_floating(dtype, op, [&](auto t) {
      using T = decltype(t);
      const detail::AttentionProblem<T> problem(query, k, v, settings);
      const detail::HeadRows<T> out(result.output.mutable_data<T>(), result.output.strides());
      // One query for each lane of a vector, or the features of one: the fuller vectors.
      const int64_t few = std::clamp<int64_t>(query.size(3) / 8, 1, 8);
      T* const logsumexp = result.logsumexp.mutable_data<T>();
      if (queries <= few)
        detail::attend_few(problem, out, logsumexp);
      else
        detail::attend_many(problem, out, logsumexp);
    });
  };
  attend(key, value);
  // The kernels never look at masked scores, but multiply masked values by 0.
  if (detail::hides_keys(query, key, settings) && !detail::finite(result.output))
    if (const Tensor unread = detail::unread_keys(query, key, value, settings); unread.defined())
      attend(masked_fill(key, unread, 0), masked_fill(value, unread, 0));
  return result;
}

}  // namespace heed
