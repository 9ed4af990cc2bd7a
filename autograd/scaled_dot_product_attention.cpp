#include "heed/autograd/scaled_dot_product_attention.h"

#include <cmath>

#include "heed/autograd/dropout.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/index.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/scaled_dot_product_attention.h"
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

/// Keys or values (B, K, S, D), with zeros at those that are not to be read.
Variable without(const Tensor& unread, const Variable& x) {
  return unread.defined() ? masked_fill(x, unread, 0) : x;
}

Variable weights_definition(const Variable& query, const Variable& key, const Variable& bias,
                            const ScaledDotProductSettings& settings) {
  const double scale = settings.scale.value_or(1 / std::sqrt(double(query.size(3))));
  const Variable keys = for_each_query_head(key, query.size(1));
  Variable scores = matmul(query * scale, transpose(keys, 2, 3));  // (B, H, T, S)
  if (bias.defined()) scores = scores + bias;
  const Tensor mask = detail::allowed_keys(settings, query.size(2), key.size(2));
  return mask.defined() ? softmax(scores, 3, mask) : softmax(scores, 3);
}

/// inputs: query, key, value and perhaps the bias.
Variable definition(std::span<const Variable> inputs, const ScaledDotProductSettings& settings) {
  const Variable bias = inputs.size() > 3 ? inputs[3] : Variable();
  const Variable &query = inputs[0], &key = inputs[1], &value = inputs[2];
  const Tensor unread = detail::unread_keys(query.value(), key.value(), value.value(), settings);
  const Variable weights = weights_definition(query, without(unread, key), bias, settings);
  Generator generator(settings.seed, settings.offset);
  return matmul(dropout(weights, settings.dropout_p, true, &generator),
                for_each_query_head(without(unread, value), query.size(1)));
}

ScaledDotProductSettings settings_of(const ScaledDotProductOptions& options) {
  return {.mask = options.mask,
          .bias = options.bias.value(),
          .is_causal = options.is_causal,
          .past = options.past,
          .dropout_p = options.dropout_p,
          .scale = options.scale};
}

/// x without a dimension for heads, (B, T, D).
bool one_head(const Variable& x) { return x.defined() && x.dim() == 3; }

/// Masks for (B, T, S) as masks for (B, 1, T, S).
ScaledDotProductOptions with_head(ScaledDotProductOptions options) {
  if (one_head(options.mask)) options.mask = unsqueeze(options.mask, 1);
  if (one_head(options.bias)) options.bias = unsqueeze(options.bias, 1);
  return options;
}

}  // namespace

Variable attention_weights(const Variable& query, const Variable& key,
                           const ScaledDotProductOptions& options) {
  if (one_head(query) && one_head(key))
    return squeeze(attention_weights(unsqueeze(query, 1), unsqueeze(key, 1), with_head(options)),
                   1);
  const ScaledDotProductSettings settings = settings_of(options);
  detail::check_scaled_dot_product("attention_weights", query.value(), key.value(), key.value(),
                                   settings);
  const Tensor unread = detail::unread_keys(query.value(), key.value(), key.value(), settings);
  return weights_definition(query, without(unread, key), options.bias, settings);
}

Variable scaled_dot_product_attention(const Variable& query, const Variable& key,
                                      const Variable& value,
                                      const ScaledDotProductOptions& options) {
  static constexpr Op op{"scaled_dot_product_attention", "P = softmax(scale q k^T + bias), y = P v",
                         "dv = P^T dy, dS = P (dy v^T - sum_E dy y), dq = scale dS k, dk = scale "
                         "dS^T q, dbias = dS"};
  if (one_head(query) && one_head(key) && one_head(value))
    return squeeze(scaled_dot_product_attention(unsqueeze(query, 1), unsqueeze(key, 1),
                                                unsqueeze(value, 1), with_head(options)),
                   1);
  ScaledDotProductSettings settings = settings_of(options);
  detail::check_scaled_dot_product(op.name, query.value(), key.value(), value.value(), settings);
  if (options.dropout_p > 0) {
    Generator& generator = options.generator ? *options.generator : default_generator();
    settings.seed = generator.seed();
    settings.offset = generator.take();
  }
  std::vector<Variable> inputs{query, key, value};
  if (options.bias.defined()) inputs.push_back(options.bias);
  if (!fused()) return definition(inputs, settings);

  const ScaledDotProduct found =
      scaled_dot_product_attention(query.value(), key.value(), value.value(), settings);
  const auto kept = [settings, mask = save(settings.mask)] {  // throws where it was written to
    ScaledDotProductSettings same = settings;
    same.mask = mask.value();
    return same;
  };
  return record_fused(
      op, std::span(&found.output, 1), inputs,
      [kept](std::span<const Variable> in) { return std::vector{definition(in, kept())}; },
      [kept, output = save(found.output), logsumexp = found.logsumexp](std::span<const Saved> in,
                                                                       Gradients& gradients) {
        ScaledDotProductSettings same = kept();
        if (in.size() > 3) same.bias = in[3].value();
        const bool bias = in.size() > 3 && gradients.needed[3];
        const ScaledDotProductGradients back = scaled_dot_product_attention_backward(
            gradients.outputs[0].value(), in[0].value(), in[1].value(), in[2].value(), same,
            {output.value(), logsumexp}, bias);
        gradients.inputs[0] = back.query;
        gradients.inputs[1] = back.key;
        gradients.inputs[2] = back.value;
        if (bias) gradients.inputs[3] = back.bias;
      })[0];
}

}  // namespace heed
