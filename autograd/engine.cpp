#include "heed/autograd/engine.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "heed/autograd/broadcast.h"
#include "heed/autograd/leaf.h"
#include "heed/autograd/misuse.h"
#include "heed/autograd/recording.h"

namespace heed {
namespace {

/// One pass through a graph: count the uses of every node, then run each node when all its uses
/// have delivered their gradient, newest first. No recursion.
class BackwardPass {
 public:
  BackwardPass(const GradOptions& options, bool accumulate)
      : options_(options), accumulate_(accumulate) {}
  ~BackwardPass() {  // a pass inside a rule of another pass gives the nodes' places back
    for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot)
      place(*slot->node) = slot->outer_place;
  }

  void discover(const NodeRef& root) {
    roots_.push_back(root);
    for (place_of(*root); explored_ < slots_.size(); ++explored_)
      for (const Edge& edge : slots_[explored_].node->edges())
        if (edge.node) ++slots_[place_of(*edge.node)].uses;
  }

  /// Only nodes on a path to one of the inputs will run.
  void request(std::span<const Variable> inputs) {
    std::vector<Slot*> oldest_first;
    for (Slot& slot : slots_) slot.needed = false, oldest_first.push_back(&slot);
    for (const Variable& x : inputs)
      if (x.node() && known(*x.node()))
        slot_of(x.node()).needed = slot_of(x.node()).requested = true;
    std::ranges::sort(oldest_first, {}, [](Slot* slot) { return slot->node->sequence; });
    for (Slot* slot : oldest_first)
      for (const Edge& edge : slot->node->edges())
        if (edge.node && slot_of(edge.node).needed) slot->needed = true;
  }

  /// Adds to what arrives at one output of a node; `from` sent it for its input of that number.
  void add(const NodeRef& node, int output, Variable gradient, Node* from = {}, size_t input = 0) {
    misuse::check_gradient(*node, output, gradient, from, input);
    slot_of(node).arrived = true;
    detail::add_gradient(incoming(slot_of(node))[size_t(output)], std::move(gradient),
                         options_.create_graph);
  }

  void run(std::span<const Variable> inputs, std::span<Variable> results) {
    NoGrad recorded(options_.create_graph);
    for (const Slot& slot : slots_)
      if (slot.uses == 0 && slot.needed) ready(*slot.node);
    while (!ready_.empty()) {
      const Slot& slot = slots_[std::get<2>(ready_.top())];
      ready_.pop();
      finish(slot);
      for (size_t i = 0; slot.requested && i < inputs.size(); ++i)
        if (inputs[i].node().get() == slot.node)
          results[i] = incoming(slot)[size_t(inputs[i].output())];
      step(slot);
    }
  }

 private:
  struct Slot {
    Node* node;
    uint32_t outer_place;
    uint32_t gradients;  // where those of the node's outputs begin
    uint32_t uses = 0;
    bool needed = true, requested = false, arrived = false;
  };

  /// Where a node keeps its place in slots_: leaves are shared by the graphs of several threads.
  uint32_t& place(Node& node) { return node.is_leaf ? leaf_places_[&node] : node.slot; }
  bool known(Node& n) { return place(n) < slots_.size() && slots_[place(n)].node == &n; }
  Slot& slot_of(const NodeRef& node) { return slots_[place(*node)]; }
  std::span<Variable> incoming(const Slot& slot) {
    return {&gradients_[slot.gradients], size_t(slot.node->outputs())};
  }

  size_t place_of(Node& node) {
    if (known(node)) return place(node);
    slots_.push_back({&node, place(node), uint32_t(gradients_.size())});
    gradients_.resize(gradients_.size() + size_t(node.outputs()));
    return place(node) = uint32_t(slots_.size() - 1);
  }

  /// A leaf's hooks need not wait for older ops.
  void ready(Node& node) { ready_.push({node.is_leaf, node.sequence, place(node)}); }

  /// Hooks, and gradients that are kept, once a gradient is complete.
  void finish(const Slot& slot) {
    Node& node = *slot.node;
    for (size_t i = 0; i < node.hooks.size(); ++i) {
      const auto [output, hook] = node.hooks[i];  // copied: a hook may register another one
      Variable& gradient = incoming(slot)[size_t(output)];
      if (!gradient.defined()) continue;
      if (Variable changed = hook(gradient); changed.defined()) gradient = std::move(changed);
    }
    if (accumulate_ && node.kept) detail::keep_grad(node, incoming(slot)[0], options_.create_graph);
  }

  /// Runs the node's rule and hands its gradients on.
  void step(const Slot& slot) {
    Node& node = *slot.node;
    const std::span<const Edge> edges = node.edges();
    needed_.assign(edges.size(), 0);
    outgoing_.assign(edges.size(), {});
    bool wanted = false;
    for (size_t i = 0; i < edges.size(); ++i)
      wanted |= needed_[i] = edges[i].node && slot_of(edges[i].node).needed;
    if (wanted && slot.arrived) differentiate(node, incoming(slot));
    std::ranges::fill(incoming(slot), Variable());
    for (size_t i = 0; i < edges.size(); ++i) {
      if (!needed_[i]) continue;
      const NodeRef& maker = edges[i].node;
      if (Variable& gradient = outgoing_[i]; gradient.defined()) {
        const Shape& shape = maker->output_shape(edges[i].output);
        if (node.op.broadcasts && gradient.shape() != shape) gradient = sum_to(gradient, shape);
        add(maker, edges[i].output, std::move(gradient), &node, i);
      }
      if (--slot_of(maker).uses == 0) ready(*maker);
    }
  }

  void differentiate(Node& node, std::span<const Variable> incoming) {
    if (node.released) misuse::fail_released(node);
    node.released = !options_.retain_graph && !options_.create_graph;
    Gradients gradients{incoming, outgoing_, needed_, options_.create_graph, node.released};
    misuse::run_rule(node, gradients);
    if (Trace* trace = detail::recording_state.trace) trace->differentiated(node, gradients);
    if (node.released) node.release();
  }

  const GradOptions& options_;
  const bool accumulate_;
  std::vector<NodeRef> roots_;  // they own all other nodes
  std::vector<Slot> slots_;
  size_t explored_ = 0;              // slots whose edges were followed
  std::vector<Variable> gradients_;  // for every output of every slot
  std::priority_queue<std::tuple<bool, uint64_t, uint32_t>> ready_;  // leaves, then newest first
  std::unordered_map<const Node*, uint32_t> leaf_places_;
  std::vector<Variable> outgoing_;
  std::vector<char> needed_;
};

std::vector<Variable> pass(std::span<const Variable> outputs, std::span<const Variable> inputs,
                           std::span<const Variable> gradients, const GradOptions& options,
                           bool accumulate) {
  std::vector<Variable> seeds = misuse::checked_seeds(outputs, gradients);
  std::vector<Variable> results(inputs.size());
  BackwardPass pass(options, accumulate);
  for (const Variable& output : outputs) pass.discover(output.node());
  if (!accumulate) pass.request(inputs);
  for (size_t i = 0; i < outputs.size(); ++i)
    pass.add(outputs[i].node(), outputs[i].output(), std::move(seeds[i]));
  pass.run(inputs, results);
  return results;
}

}  // namespace

void backward(std::span<const Variable> outputs, std::span<const Variable> gradients,
              const GradOptions& options) {
  pass(outputs, {}, gradients, options, true);
}

std::vector<Variable> grad(std::span<const Variable> outputs, std::span<const Variable> inputs,
                           const GradOptions& options, std::span<const Variable> gradients) {
  std::vector<Variable> results = pass(outputs, inputs, gradients, options, false);
  if (!options.allow_unused) misuse::check_used(inputs, results);
  return results;
}

}  // namespace heed
