#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "heed/autograd/recording.h"

namespace heed {

/// An input or output kept for backward. Reading it checks that nobody changed its numbers since.
class Saved {
 public:
  Saved() = default;
  explicit Saved(Variable variable)
      : variable_(std::move(variable)),
        version_(variable_.defined() ? variable_.value().version() : 0) {}
  /// Throws Error when the numbers were written to after they were saved.
  const Variable& operator*() const {
    if (variable_.defined() && variable_.value().version() != version_) [[unlikely]]
      fail_changed();
    return variable_;
  }
  const Variable* operator->() const { return &**this; }
  const Tensor& value() const { return (**this).value(); }

 private:
  [[noreturn]] void fail_changed() const;
  Variable variable_;
  uint32_t version_ = 0;
};

/// Keeps an input for a backward rule: `[x = save(x)](const Variable& g) { return g * *x; }`.
inline Saved save(const Variable& x) { return Saved(x); }

/// One input of an op and the rule for its gradient: a function of the incoming gradient g, or of g
/// and the op's output y, which the engine hands in.
template <class Rule>
struct Input {
  const Variable& variable;
  Rule rule;
};
template <class Rule>
Input<Rule> input(const Variable& variable, Rule rule) {
  return {variable, std::move(rule)};
}

namespace detail {

inline Edge edge_to(const Variable& x) {
  return x.requires_grad() ? Edge{x.node(), x.output()} : Edge{};
}

template <class Rule>
concept ReadsOutput = std::invocable<Rule, const Variable&, const Variable&>;

/// A node with one rule for each input. A rule whose input needs no gradient is dropped at once,
/// with whatever it saved.
template <class... Rules>
class RuleNode final : public Node {
  static constexpr bool reads_output = (ReadsOutput<Rules> || ...);

 public:
  RuleNode(const Op& op, const Tensor& output, Input<Rules>&&... inputs)
      : Node(op, output.shape(), output.dtype()), edges_{edge_to(inputs.variable)...} {
    size_t i = 0;
    [&]<size_t... I>(std::index_sequence<I...>) {
      ((edges_[i++].node ? void(std::get<I>(rules_).emplace(std::move(inputs.rule))) : void()),
       ...);
    }
    (std::index_sequence_for<Rules...>());
    if constexpr (reads_output) output_ = Saved(Variable(output));
  }

  std::span<const Edge> edges() const override { return edges_; }

  void backward(Gradients& gradients) override {
    [&]<size_t... I>(std::index_sequence<I...>) {
      ((gradients.needed[I] ? void(gradients.inputs[I] = apply(*std::get<I>(rules_), gradients))
                            : void()),
       ...);
    }
    (std::index_sequence_for<Rules...>());
  }

  void release() override {
    std::apply([](auto&... rule) { (rule.reset(), ...); }, rules_);
    output_ = {};
  }

 private:
  template <class Rule>
  Variable apply(const Rule& rule, const Gradients& gradients) {
    if constexpr (ReadsOutput<Rule>)
      return rule(gradients.outputs[0],
                  gradients.create_graph ? Variable(output_.value(), NodeRef(this)) : *output_);
    else
      return rule(gradients.outputs[0]);
  }

  std::array<Edge, sizeof...(Rules)> edges_;
  std::tuple<std::optional<Rules>...> rules_;
  Saved output_;
};

/// A node with one rule for all inputs and outputs together: `rule(Gradients&)`.
template <class Rule>
class JointNode final : public Node {
 public:
  JointNode(const Op& op, std::span<const Tensor> outputs, std::span<const Variable> inputs,
            Rule rule)
      : Node(op, outputs[0].shape(), outputs[0].dtype()), rule_(std::move(rule)) {
    for (const Tensor& output : outputs) shapes_.push_back(output.shape());
    for (const Variable& x : inputs) edges_.push_back(edge_to(x));
  }
  std::span<const Edge> edges() const override { return edges_; }
  void backward(Gradients& gradients) override { (*rule_)(gradients); }
  void release() override { rule_.reset(); }
  int outputs() const override { return int(shapes_.size()); }
  const Shape& output_shape(int i) const override { return shapes_[size_t(i)]; }

 private:
  std::vector<Edge> edges_;
  std::vector<Shape> shapes_;
  std::optional<Rule> rule_;
};

void trace_computed(const Op& op, std::span<const Attribute> attributes,
                    std::span<const Variable> inputs, std::span<const Variable> outputs);

}  // namespace detail

/// An op together with the numbers it was called with.
struct Call {
  Call(const Op& op) : op(op) {}  // NOLINT: implicit
  Call(const Op& op, Attribute first, Attribute second = {}) : op(op), attributes{first, second} {}
  const Op& op;
  std::array<Attribute, 2> attributes{};
};

/// The output of an op as a Variable, with a rule for each input's gradient:
///
///     static constexpr Op op{"square", "y = x^2", "dx = 2 x dy"};
///     return record(op, x.value() * x.value(),
///                   input(x, [x = save(x)](const Variable& g) { return 2 * *x * g; }));
///
/// Rules are written with ops of Variables, so they are differentiable themselves. Nothing is kept
/// when no input requires a gradient or nothing is recorded.
template <class... Rules>
Variable record(const Call& call, Tensor output, Input<Rules>... inputs) {
  NodeRef node;
  if (recording() && (inputs.variable.requires_grad() || ...))
    node = make_node<detail::RuleNode<Rules...>>(call.op, output, std::move(inputs)...);
  Variable result(std::move(output), std::move(node));
  if (detail::recording_state.trace) [[unlikely]] {
    const Variable list[] = {inputs.variable...};
    detail::trace_computed(call.op, call.attributes, list, std::span(&result, 1));
  }
  return result;
}

/// The outputs of an op whose gradients one rule computes together: `rule(Gradients& gradients)`
/// sets gradients.inputs[i] wherever gradients.needed[i]. All outputs have one dtype.
template <class Rule>
std::vector<Variable> record_joint(const Call& call, std::span<const Tensor> outputs,
                                   std::span<const Variable> inputs, Rule rule) {
  bool wanted = false;
  for (const Variable& x : inputs) wanted |= x.requires_grad();
  std::vector<Variable> results(outputs.begin(), outputs.end());
  if (wanted && recording()) {
    const NodeRef node =
        make_node<detail::JointNode<Rule>>(call.op, outputs, inputs, std::move(rule));
    for (size_t i = 0; i < results.size(); ++i) results[i] = Variable(outputs[i], node, int(i));
  }
  if (detail::recording_state.trace) [[unlikely]]
    detail::trace_computed(call.op, call.attributes, inputs, results);
  return results;
}

}  // namespace heed
