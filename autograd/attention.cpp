#include "heed/autograd/attention.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/attention.h"

namespace heed {
namespace {

/// The step as the paper writes it. inputs: query (B, A), keys (B, S, A), values (B, S, D), v (A).
std::vector<Variable> definition(std::span<const Variable> inputs, const Tensor& mask) {
  const Variable &query = inputs[0], &keys = inputs[1], &values = inputs[2], &v = inputs[3];
  const Variable hidden = tanh(unsqueeze(query, 1) + keys);        // (B, S, A)
  const Variable scores = matmul(hidden, v);                       // (B, S)
  const Variable weights = softmax(scores, -1, mask);              // (B, S)
  const Variable context = matmul(unsqueeze(weights, 1), values);  // (B, 1, D)
  return {squeeze(context, 1), weights};
}

}  // namespace

AttentionStep additive_attention(const Variable& query, const Variable& keys,
                                 const Variable& values, const Variable& v, const Tensor& mask) {
  static constexpr Op op{"additive_attention", "w = softmax(v . tanh(q + k)), c = sum_s w_s x_s",
                         "dw_s = dc . x_s, de = w (dw - sum w dw), dq = sum_s de_s v (1 - tanh^2)"};
  const std::vector<Variable> inputs{query, keys, values, v};
  const auto define = [mask = save(mask)](std::span<const Variable> in) {
    return definition(in, mask.value());
  };
  if (!fused()) {
    const auto out = define(inputs);
    return {out[0], out[1]};
  }
  const AdditiveAttention step =
      heed::additive_attention(query.value(), keys.value(), values.value(), v.value(), mask);
  const Tensor outputs[] = {step.context, step.weights};
  const auto out = record_fused(
      op, outputs, inputs, define,
      [weights = save(step.weights)](std::span<const Saved> in, Gradients& gradients) {
        const auto value = [](const Variable& g) { return g.defined() ? g.value() : Tensor(); };
        const auto found = additive_attention_backward(
            in[0].value(), in[1].value(), in[2].value(), in[3].value(), weights.value(),
            value(gradients.outputs[0]), value(gradients.outputs[1]));
        gradients.inputs[0] = found.query;
        gradients.inputs[1] = found.keys;
        gradients.inputs[2] = found.values;
        gradients.inputs[3] = found.v;
      });
  return {out[0], out[1]};
}

}  // namespace heed
