#include "heed/autograd/explain.h"

#include <algorithm>
#include <charconv>

#include "heed/autograd/engine.h"
#include "heed/core/convert.h"

namespace heed {
namespace {

std::string number(double x) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, x, std::chars_format::general, 6);
  return std::string(buffer, end.ptr);
}

/// A number, a short list, or shape and range.
std::string shown(const Tensor& x) {
  if (!x.defined()) return "?";
  const Tensor values = contiguous(to(x, f64));
  const double* data = values.data<double>();
  const int64_t n = values.numel();
  if (n == 1) return number(data[0]);
  std::string out;
  if (n <= 6) {
    for (int64_t i = 0; i < n; ++i) out += (i ? ", " : "[") + number(data[i]);
    return n == 0 ? "[]" : out + "]";
  }
  const auto [low, high] = std::minmax_element(data, data + n);
  return text(x.shape()) + " from " + number(*low) + " to " + number(*high);
}

/// What one node's rule did.
struct Step {
  const Node* node;
  std::vector<Variable> arrived;  // for each output
  std::vector<Variable> sent;     // for each edge
};

/// Watches a backward pass.
class Watch final : public Trace {
 public:
  void computed(const Op&, std::span<const Attribute>, std::span<const Variable>,
                std::span<const Variable>) override {}
  void differentiated(const Node& node, const Gradients& g) override {
    steps.push_back(
        {&node, {g.outputs.begin(), g.outputs.end()}, {g.inputs.begin(), g.inputs.end()}});
    for (size_t i = 0; i < steps.back().sent.size(); ++i)  // what is sent may be added to later
      if (steps.back().sent[i].defined())
        steps.back().sent[i] = Variable(clone(steps.back().sent[i].value()));
  }
  std::vector<Step> steps;
};

/// The graph behind a loss with a name for every node, and its backward pass.
class Explanation {
 public:
  explicit Explanation(const Variable& loss)
      : tape_(dynamic_cast<const Tape*>(detail::recording_state.trace)) {
    require(loss.defined() && loss.requires_grad(),
            "explain: this value requires no gradient, so nothing was recorded");
    collect(loss.node());
    name_nodes();
    std::vector<Variable> leaves;
    for (const NodeRef& node : nodes_)
      if (node->is_leaf && node->active) leaves.push_back(Variable(Tensor(), node));
    TraceScope scope(watch_);
    const auto found = grad(std::span(&loss, 1), leaves, {.retain_graph = true});
    for (size_t i = 0; i < leaves.size(); ++i) gradients_[leaves[i].node().get()] = found[i];
  }

  std::string as_text() const {
    std::string out;
    int count = 0;
    for (const Step& step : watch_.steps) out += text_of(step, ++count);
    out += "leaves\n";
    for (const NodeRef& node : nodes_)
      if (node->is_leaf) out += "  " + leaf_line(*node) + "\n";
    return out;
  }

  std::string as_dot() const {
    std::string out =
        "digraph backward {\n  rankdir=LR;\n  node [shape=box, fontname=monospace];\n";
    int count = 0;
    for (const Step& step : watch_.steps) {
      const std::string name = names_.at(step.node);
      out += "  " + quoted(name) + " [label=" +
             quoted(std::to_string(++count) + ". " + name + " = " + call(*step.node) + "\n" +
                    "value " + value_of(*step.node) + "\ngradient " + arrived(step)) +
             "];\n";
      const auto edges = step.node->edges();
      for (size_t i = 0; i < edges.size(); ++i)
        if (edges[i].node && step.sent[i].defined())
          out += "  " + quoted(name) + " -> " + quoted(names_.at(edges[i].node.get())) +
                 " [label=" + quoted(shown(step.sent[i].value())) + "];\n";
    }
    for (const NodeRef& node : nodes_)
      if (node->is_leaf)
        out += "  " + quoted(names_.at(node.get())) +
               " [style=rounded, label=" + quoted(leaf_line(*node)) + "];\n";
    return out + "}\n";
  }

 private:
  void collect(const NodeRef& root) {
    std::vector<NodeRef> open{root};
    names_[root.get()];
    while (!open.empty()) {
      const NodeRef node = open.back();
      open.pop_back();
      nodes_.push_back(node);
      for (const Edge& edge : node->edges())
        if (edge.node && names_.emplace(edge.node.get(), "").second) open.push_back(edge.node);
    }
    std::ranges::sort(nodes_, {}, [](const NodeRef& node) { return node->sequence; });
  }

  void name_nodes() {
    int leaf = 0, value = 0;
    for (const NodeRef& node : nodes_) {
      const std::string given = Variable(Tensor(), node).name();
      names_[node.get()] = !given.empty()  ? given
                           : node->is_leaf ? "leaf" + std::to_string(++leaf)
                                           : "v" + std::to_string(++value);
    }
  }

  /// "mul(a, v3, c = 2)"
  std::string call(const Node& node) const {
    const Tape::Entry* entry = tape_ ? tape_->find(node) : nullptr;
    const auto edges = node.edges();
    std::string out = std::string(node.op.name) + "(";
    for (size_t i = 0; i < edges.size(); ++i) {
      if (i > 0) out += ", ";
      if (edges[i].node)
        out += names_.at(edges[i].node.get());
      else
        out += entry ? shown(entry->inputs[i].value()) : "constant";
    }
    if (entry)
      for (const Attribute& a : entry->attributes)
        out += std::string(", ") + a.name + " = " + number(a.value);
    return out + ")";
  }

  std::string value_of(const Node& node) const {
    if (node.is_leaf) {
      for (const NodeRef& user : nodes_) {  // a leaf is on the tape as somebody's input
        const Tape::Entry* entry = tape_ ? tape_->find(*user) : nullptr;
        if (!entry) continue;
        for (const Variable& input : entry->inputs)
          if (input.node().get() == &node) return shown(input.value());
      }
      return "?";
    }
    const Tape::Entry* entry = tape_ ? tape_->find(node) : nullptr;
    return entry ? shown(entry->outputs[0].value()) : "?";
  }

  static std::string arrived(const Step& step) {
    std::string out;
    for (const Variable& g : step.arrived) {
      if (!out.empty()) out += ", ";
      out += g.defined() ? shown(g.value()) : "none";
    }
    return out;
  }

  /// The gradients that one node received, in the order of their arrival: "2 + 3 = ".
  std::string sum_at(const Node& node) const {
    std::string out;
    int terms = 0;
    for (const Step& step : watch_.steps) {
      const auto edges = step.node->edges();
      for (size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].node.get() != &node || !step.sent[i].defined()) continue;
        out += (terms++ ? " + " : "") + shown(step.sent[i].value()) + " (" + names_.at(step.node) +
               ")";
      }
    }
    return terms > 1 ? out + " = " : "";
  }

  std::string text_of(const Step& step, int count) const {
    const Node& node = *step.node;
    const std::string name = names_.at(&node);
    std::string out = std::to_string(count) + ". " + name + " = " + call(node) + " = " +
                      value_of(node) + "    " + node.op.formula + "\n";
    out += "     d" + name + " = " + sum_at(node) + arrived(step) + "\n";
    out += std::string("     rule: ") + node.op.derivative + "\n";
    const auto edges = node.edges();
    for (size_t i = 0; i < edges.size(); ++i)
      if (edges[i].node && step.sent[i].defined())
        out +=
            "     to " + names_.at(edges[i].node.get()) + ": " + shown(step.sent[i].value()) + "\n";
    return out;
  }

  std::string leaf_line(const Node& node) const {
    const auto found = gradients_.find(&node);
    if (found == gradients_.end()) return names_.at(&node) + " (frozen)";
    return names_.at(&node) + " = " + value_of(node) + ", gradient " + sum_at(node) +
           shown(found->second.value());
  }

  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      if (c == '\n')
        out += "\\n";
      else if (static_cast<unsigned char>(c) >= 32)
        out += c;
    }
    return out + "\"";
  }

  const Tape* tape_;
  Watch watch_;
  std::vector<NodeRef> nodes_;  // oldest first
  std::map<const Node*, std::string> names_;
  std::map<const Node*, Variable> gradients_;
};

}  // namespace

const Tape::Entry* Tape::find(const Node& node) const {
  const auto entry = entries_.find(&node);
  return entry == entries_.end() ? nullptr : &entry->second;
}

void Tape::computed(const Op&, std::span<const Attribute> attributes,
                    std::span<const Variable> inputs, std::span<const Variable> outputs) {
  if (!outputs[0].requires_grad()) return;
  entries_[outputs[0].node().get()] = {{attributes.begin(), attributes.end()},
                                       {inputs.begin(), inputs.end()},
                                       {outputs.begin(), outputs.end()}};
}

std::string explain(const Variable& loss) { return Explanation(loss).as_text(); }
std::string explain_dot(const Variable& loss) { return Explanation(loss).as_dot(); }

}  // namespace heed
