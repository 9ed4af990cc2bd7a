#include "heed/core/scaled_dot_product_attention.h"

#include "heed/core/attention_problem.h"
#include "heed/core/shape.h"

namespace heed {

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
  dispatch_floating(dtype, op, [&](auto t) {
    using T = decltype(t);
    const detail::AttentionProblem<T> problem(query, key, value, settings);
    const detail::HeadRows<T> out(result.output.mutable_data<T>(), result.output.strides());
    constexpr int64_t few = 4;  // from here on a vector's lanes are full enough
    T* const logsumexp = result.logsumexp.mutable_data<T>();
    if (queries <= few)
      detail::attend_few(problem, out, logsumexp);
    else
      detail::attend_many(problem, out, logsumexp);
  });
  return result;
}

}  // namespace heed
