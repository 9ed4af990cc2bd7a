#include "heed/autograd/recurrent_definition.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"

namespace heed::detail {
namespace {

std::vector<Variable> lstm(const Variable& from_x, const Variable& from_h, const Variable& c) {
  const auto p = chunk(from_x + from_h, 4, -1);  // i, f, g, o: (B, H) each
  const Variable next = sigmoid(p[1]) * c + sigmoid(p[0]) * tanh(p[2]);
  return {sigmoid(p[3]) * tanh(next), next};
}

std::vector<Variable> gru(const Variable& from_x, const Variable& from_h, const Variable& h) {
  const auto x = chunk(from_x, 3, -1), u = chunk(from_h, 3, -1);  // r, z, n: (B, H) each
  const Variable r = sigmoid(x[0] + u[0]), z = sigmoid(x[1] + u[1]);
  const Variable n = tanh(x[2] + r * u[2]);
  return {(1 - z) * n + z * h};
}

Variable zero_state(const Variable& given, const Variable& x, const Variable& w_hh) {
  if (given.defined()) return given;
  return Variable(zeros({x.size(0), w_hh.size(1)}, {.dtype = x.dtype()}));
}

/// Which sequences have a step t: (B, 1) u8.
Tensor active(const Tensor& lengths, int64_t t) { return unsqueeze(gt(lengths, t), 1); }

}  // namespace

std::vector<Variable> define_step(RecurrentKind kind, std::span<const Variable> in) {
  const Variable &x = in[0], &w_ih = in[3], &w_hh = in[4];
  const Variable h = zero_state(in[1], x, w_hh);
  const Variable from_x = linear(x, w_ih, in[5]), from_h = linear(h, w_hh, in[6]);  // (B, G H)
  switch (kind) {
    case RecurrentKind::lstm:
      return lstm(from_x, from_h, zero_state(in[2], x, w_hh));
    case RecurrentKind::gru:
      return gru(from_x, from_h, h);
    case RecurrentKind::rnn_tanh:
      return {tanh(from_x + from_h)};
    case RecurrentKind::rnn_relu:
      return {relu(from_x + from_h)};
  }
  return {};
}

std::vector<Variable> define_walk(const RecurrentWalk& walk, std::span<const Variable> in) {
  const int64_t steps = in[0].size(1);
  const bool lstm = walk.kind == RecurrentKind::lstm;
  std::vector<Variable> step_in(in.begin(), in.end());
  step_in[1] = zero_state(in[1], in[0], in[4]);
  if (lstm) step_in[2] = zero_state(in[2], in[0], in[4]);
  std::vector<Variable> outputs(static_cast<size_t>(steps));
  for (int64_t k = 0; k < steps; ++k) {
    const int64_t t = walk.reverse ? steps - 1 - k : k;
    step_in[0] = select(in[0], 1, t);  // (B, I)
    const auto next = define_step(walk.kind, step_in);
    outputs[size_t(t)] = next[0];
    if (walk.lengths.defined()) {  // padded steps give zero and leave the state alone
      const Tensor here = active(walk.lengths, t);
      outputs[size_t(t)] = where(here, next[0], 0);
      for (size_t s = 0; s < next.size(); ++s)
        step_in[1 + s] = where(here, next[s], step_in[1 + s]);
    } else {
      for (size_t s = 0; s < next.size(); ++s) step_in[1 + s] = next[s];
    }
  }
  const Shape none{in[0].size(0), 0, in[4].size(1)};
  const Variable output = outputs.empty() ? Variable(zeros(none, {.dtype = in[0].dtype()}))
                                          : stack(outputs, 1);  // (B, T, H)
  if (lstm) return {output, step_in[1], step_in[2]};
  return {output, step_in[1]};
}

}  // namespace heed::detail
