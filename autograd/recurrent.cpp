#include "heed/autograd/recurrent.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/recurrent_definition.h"
#include "heed/autograd/shape.h"
#include "heed/core/matmul.h"
#include "heed/core/product.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

// The order of a fused op's inputs.
enum : size_t { X, H0, C0, W_IH, W_HH, B_IH, B_HH };

std::vector<Variable> input_list(const Variable& x, const Variable& h, const Variable& c,
                                 const RecurrentWeights& w) {
  return {x, h, c, w.w_ih, w.w_hh, w.b_ih, w.b_hh};
}

Tensor value(const Variable& x) { return x.defined() ? x.value() : Tensor(); }

void check_state(const char* op, const char* what, const Variable& state, const Shape& expected) {
  if (!state.defined()) return;
  require(state.shape() == expected, op, ": ", what, " should have shape ", expected, ", got ",
          state.shape());
}

/// What holds for a sequence and for a single step. x is (..., I).
void check(RecurrentKind kind, const Variable& x, const Variable& h, const Variable& c,
           const RecurrentWeights& w) {
  const char* op = recurrent_name(kind);
  require(w.w_ih.dim() == 2 && w.w_hh.dim() == 2, op, ": weights should be (", gate_count(kind),
          " H, I) and (", gate_count(kind), " H, H), got ", w.w_ih.shape(), " and ",
          w.w_hh.shape());
  const int64_t hidden = w.w_hh.size(1), width = gate_count(kind) * hidden, inputs = x.size(-1);
  require(w.w_hh.size(0) == width, op, ": w_hh should be ", Shape{width, hidden}, ", got ",
          w.w_hh.shape());
  require(w.w_ih.shape() == Shape({width, inputs}), op, ": w_ih should be ", Shape{width, inputs},
          " for an input of shape ", x.shape(), ", got ", w.w_ih.shape());
  check_state(op, "b_ih", w.b_ih, {width});
  check_state(op, "b_hh", w.b_hh, {width});
  check_state(op, "h_0", h, {x.size(0), hidden});
  check_state(op, "c_0", c, {x.size(0), hidden});
}

/// The lengths in rows, checked.
Tensor checked_lengths(const char* op, const Tensor& lengths, int64_t batch, int64_t steps) {
  if (!lengths.defined()) return lengths;
  require(lengths.dtype() == i64 && lengths.shape() == Shape({batch}), op,
          ": lengths should be i64 ", Shape{batch}, ", got ", lengths.dtype(), " ",
          lengths.shape());
  const Tensor list = contiguous(lengths);
  const int64_t* values = list.data<int64_t>();
  for (int64_t b = 0; b < batch; ++b)
    require(values[b] >= 0 && values[b] <= steps, op, ": lengths[", b, "] is ", values[b],
            ", expected 0 to ", steps);
  return list;
}

/// The input's part of the preactivations with every bias that may be added to it at once.
Tensor project(RecurrentKind kind, const Variable& x, const RecurrentWeights& w) {
  Tensor bias = value(w.b_ih);
  if (kind != RecurrentKind::gru && w.b_hh.defined())
    bias = bias.defined() ? bias + w.b_hh.value() : w.b_hh.value();
  return linear(x.value(), w.w_ih.value(), bias);
}

Tensor rows(const Tensor& x) { return reshape(x, {-1, x.size(-1)}); }  // (..., N) -> (R, N)

/// da^T b summed over all rows: the gradient of a weight.
Tensor weight_gradient(const Tensor& da, const Tensor& b) {
  return matmul(transpose(rows(da), 0, 1), rows(b));
}

/// Sets the gradients of everything that the walk itself does not give.
void set_gradients(std::span<const Saved> in, const RecurrentState& state,
                   const RecurrentGradients& d, Gradients& gradients) {
  const auto set = [&](size_t i, auto&& compute) {
    if (gradients.needed[i]) gradients.inputs[i] = compute();
  };
  set(X, [&] { return Variable(matmul(d.projected, in[W_IH].value())); });
  set(H0, [&] { return Variable(d.h_0); });
  set(C0, [&] { return Variable(d.c_0); });
  set(W_IH, [&] { return Variable(weight_gradient(d.projected, in[X].value())); });
  set(W_HH, [&] { return Variable(weight_gradient(d.hidden, state.h_prev)); });
  set(B_IH, [&] { return Variable(sum(rows(d.projected), {0})); });
  if (gradients.needed[B_IH] && gradients.needed[B_HH] && d.projected.shares_storage(d.hidden))
    gradients.inputs[B_HH] = Variable(clone(gradients.inputs[B_IH].value()));
  else
    set(B_HH, [&] { return Variable(sum(rows(d.hidden), {0})); });
}

const Op& op_of(RecurrentKind kind) {
  static constexpr Op lstm{"lstm", "c' = f c + i g, h' = o tanh(c')",
                           "walk back through time; dW = sum_t dp_t^T x_t"};
  static constexpr Op gru{"gru", "n = tanh(x_n + r h_n), h' = (1 - z) n + z h",
                          "walk back through time; dW = sum_t dp_t^T x_t"};
  static constexpr Op rnn{"rnn", "h' = tanh(W x + U h + b)",
                          "walk back through time; dW = sum_t dp_t^T x_t"};
  return kind == RecurrentKind::lstm ? lstm : kind == RecurrentKind::gru ? gru : rnn;
}

bool recorded(std::span<const Variable> inputs) {
  bool wanted = false;
  for (const Variable& x : inputs) wanted |= x.requires_grad();
  return wanted && recording();
}

Tensor incoming(const Gradients& gradients, size_t i) {
  return i < gradients.outputs.size() ? value(gradients.outputs[i]) : Tensor();
}

RecurrentResult result(const std::vector<Variable>& out) {
  return {out[0], out[1], out.size() > 2 ? out[2] : Variable()};
}

}  // namespace

RecurrentResult recurrent(RecurrentKind kind, const Variable& x, const Variable& h_0,
                          const Variable& c_0, const RecurrentWeights& w, const Tensor& lengths,
                          bool reverse) {
  const char* op = recurrent_name(kind);
  require(x.dim() == 3, op, ": expected an input (B, T, I), got ", x.shape());
  check(kind, x, h_0, c_0, w);
  const RecurrentWalk walk{kind, w.w_hh.value(), checked_lengths(op, lengths, x.size(0), x.size(1)),
                           reverse};
  const auto inputs = input_list(x, h_0, c_0, w);
  const Definition define = [walk](std::span<const Variable> in) {
    return detail::define_walk(walk, in);
  };
  if (!fused()) return result(define(inputs));
  const Tensor bias_hh = kind == RecurrentKind::gru ? value(w.b_hh) : Tensor();
  RecurrentState state = recurrent_forward(walk, project(kind, x, w), bias_hh, value(h_0),
                                           value(c_0), recorded(inputs));
  std::vector<Tensor> outputs{state.output, state.h_n};
  if (state.c_n.defined()) outputs.push_back(state.c_n);
  state.output = state.h_n = state.c_n = {};  // backward needs none of them
  return result(record_fused(
      op_of(kind), outputs, inputs, define,
      [kind, lengths = Saved(walk.lengths), reverse, state](std::span<const Saved> in,
                                                            Gradients& gradients) {
        const RecurrentWalk back{kind, in[W_HH].value(), lengths->value(), reverse};
        const auto d =
            recurrent_backward(back, state, incoming(gradients, 0), incoming(gradients, 1),
                               incoming(gradients, 2), gradients.last);
        set_gradients(in, state, d, gradients);
      }));
}

namespace {

/// One step of any cell: {h'} or {h', c'}.
std::vector<Variable> step(RecurrentKind kind, const Variable& x, const Variable& h,
                           const Variable& c, const RecurrentWeights& w) {
  const char* op = recurrent_name(kind);
  require(x.dim() == 2 && h.defined(), op,
          " cell: expected an input (B, I) and a state (B, H), got ", x.shape());
  check(kind, x, h, c, w);
  const auto inputs = input_list(x, h, c, w);
  const Definition define = [kind](std::span<const Variable> in) {
    return detail::define_step(kind, in);
  };
  if (!fused()) return define(inputs);
  const bool apart = kind == RecurrentKind::gru;
  Tensor projected = project(kind, x, w), hidden;
  if (apart)
    hidden = linear(h.value(), w.w_hh.value(), value(w.b_hh));
  else
    add_product_(projected, h.value(), transpose(w.w_hh.value(), 0, 1));
  RecurrentState state =
      recurrent_step(kind, std::move(projected), hidden, h.value(), value(c), recorded(inputs));
  std::vector<Tensor> outputs{state.h_n};
  if (state.c_n.defined()) outputs.push_back(state.c_n);
  state.output = state.h_n = state.c_n = {};
  return record_fused(op_of(kind), outputs, inputs, define,
                      [kind, state](std::span<const Saved> in, Gradients& gradients) {
                        const RecurrentWalk walk{kind, {}, {}};
                        auto d = recurrent_backward(walk, state, {}, incoming(gradients, 0),
                                                    incoming(gradients, 1), gradients.last);
                        if (gradients.needed[H0])
                          add_product_(d.h_0, rows(d.hidden), in[W_HH].value());
                        d.projected = rows(d.projected);
                        set_gradients(in, state, d, gradients);
                      });
}

}  // namespace

LstmState lstm_cell(const Variable& x, const Variable& h, const Variable& c,
                    const RecurrentWeights& weights) {
  require(c.defined(), "lstm cell: expected a cell state (B, H)");
  const auto out = step(RecurrentKind::lstm, x, h, c, weights);
  return {out[0], out[1]};
}

Variable gru_cell(const Variable& x, const Variable& h, const RecurrentWeights& weights) {
  return step(RecurrentKind::gru, x, h, {}, weights)[0];
}

Variable rnn_cell(RecurrentKind kind, const Variable& x, const Variable& h,
                  const RecurrentWeights& weights) {
  return step(kind, x, h, {}, weights)[0];
}

}  // namespace heed
