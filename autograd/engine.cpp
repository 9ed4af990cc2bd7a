#include "heed/autograd/engine.h"

#include <algorithm>
#include <memory_resource>
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
  explicit BackwardPass(const GradOptions& options) : options_(options) {}

  void discover(const NodeRef& root) {
    size_t next = slots_.size();
    roots_.push_back(root);
    for (place_of(*root); next < slots_.size(); ++next) {
      slots_[next].makers = uint32_t(makers_.size());
      for (const Edge& edge : slots_[next].node->edges()) {
        makers_.push_back(edge.node ? place_of(*edge.node) : nobody);
        if (edge.node) ++slots_[makers_.back()].uses;
      }
    }
  }

  /// Only nodes on a path to one of the inputs will run.
  void request(std::span<const Variable> inputs) {
    std::vector<Slot*> oldest_first;
    for (Slot& slot : slots_) slot.needed = false, oldest_first.push_back(&slot);
    for (const Variable& x : inputs)
      if (x.node() && known(*x.node()))
        slots_[place(*x.node())].needed = slots_[place(*x.node())].requested = true;
    std::ranges::sort(oldest_first, {}, [](Slot* slot) { return slot->node->sequence; });
    for (Slot* slot : oldest_first)
      for (size_t i = 0; i < slot->node->edges().size(); ++i)
        if (const uint32_t maker = makers_[slot->makers + i]; maker != nobody)
          slot->needed |= slots_[maker].needed;
  }

  /// Seeds are the gradients of the outputs; results become those of the inputs.
  void run(std::span<const Variable> outputs, std::span<Variable> seeds,
           std::span<const Variable> inputs, std::span<Variable> results, bool accumulate) {
    NoGrad recorded(options_.create_graph);
    for (size_t i = 0; i < outputs.size(); ++i)
      add(slots_[place(*outputs[i].node())], outputs[i].output(), std::move(seeds[i]));
    for (uint32_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].uses == 0 && slots_[i].needed) ready(i);
    while (!ready_.empty()) {
      std::ranges::pop_heap(ready_);
      const Slot& slot = slots_[ready_.back().second];
      ready_.pop_back();
      detail::finish_gradients(*slot.node, incoming(slot), accumulate, options_.create_graph);
      for (size_t i = 0; slot.requested && i < inputs.size(); ++i)
        if (inputs[i].node().get() == slot.node)
          results[i] = incoming(slot)[size_t(inputs[i].output())];
      step(slot);
    }
  }

 private:
  static constexpr uint32_t nobody = UINT32_MAX;

  /// A node, and where the gradients of its outputs and the makers of its inputs begin.
  struct Slot {
    Node* node;
    uint32_t gradients, makers = 0, uses = 0;
    bool needed = true, requested = false;
  };

  /// Where a node keeps its place in slots_: leaves are shared by the graphs of several threads.
  uint32_t& place(Node& node) { return node.is_leaf ? leaf_places_[&node] : node.slot; }
  bool known(Node& n) { return place(n) < slots_.size() && slots_[place(n)].node == &n; }
  std::span<Variable> incoming(const Slot& slot) {
    return {&gradients_[slot.gradients], size_t(slot.node->outputs())};
  }

  uint32_t place_of(Node& node) {
    uint32_t& i = place(node);
    if (i < slots_.size() && slots_[i].node == &node) return i;
    slots_.push_back({&node, uint32_t(gradients_.size())});
    gradients_.resize(gradients_.size() + size_t(node.outputs()));
    return i = uint32_t(slots_.size() - 1);
  }

  /// Leaves first, whose hooks need not wait for older ops, then the newest.
  void ready(uint32_t i) {
    const Node& node = *slots_[i].node;
    ready_.emplace_back(node.sequence | uint64_t(node.is_leaf) << 63, i);
    std::ranges::push_heap(ready_);
  }

  /// Adds to what arrives at one output of a node; `from` sent it for its input of that number.
  void add(Slot& slot, int output, Variable gradient, Node* from = {}, size_t input = 0) {
    misuse::check_gradient(*slot.node, output, gradient, from, input);
    detail::add_gradient(gradients_[slot.gradients + size_t(output)], std::move(gradient),
                         options_.create_graph);
  }

  /// Runs the node's rule and hands its gradients on.
  void step(const Slot& slot) {
    Node& node = *slot.node;
    const std::span<const Edge> edges = node.edges();
    const uint32_t* makers = makers_.data() + slot.makers;
    needed_.resize(edges.size());
    outgoing_.assign(edges.size(), {});
    bool wanted = false;
    for (size_t i = 0; i < edges.size(); ++i)
      wanted |= needed_[i] = makers[i] != nobody && slots_[makers[i]].needed;
    wanted = wanted && std::ranges::any_of(incoming(slot), &Variable::defined);
    if (wanted) differentiate(node, incoming(slot));
    std::ranges::fill(incoming(slot), Variable());
    for (size_t i = 0; i < edges.size(); ++i) {
      if (!needed_[i]) continue;
      Slot& maker = slots_[makers[i]];
      if (Variable& gradient = outgoing_[i]; gradient.defined()) {
        const Shape& shape = maker.node->output_shape(edges[i].output);
        if (node.op.broadcasts && gradient.shape() != shape) gradient = sum_to(gradient, shape);
        add(maker, edges[i].output, std::move(gradient), &node, i);
      }
      if (--maker.uses == 0) ready(makers[i]);
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
  std::byte room_[4096];  // for the lists below while they are short
  std::pmr::monotonic_buffer_resource memory_{room_, sizeof(room_)};
  std::pmr::vector<NodeRef> roots_{&memory_};  // they own all other nodes
  std::pmr::vector<Slot> slots_{&memory_};
  std::pmr::vector<uint32_t> makers_{&memory_};     // for every input of every slot: a place
  std::pmr::vector<Variable> gradients_{&memory_};  // for every output of every slot
  std::pmr::vector<std::pair<uint64_t, uint32_t>> ready_{&memory_};  // a heap
  std::pmr::unordered_map<const Node*, uint32_t> leaf_places_{&memory_};
  std::pmr::vector<Variable> outgoing_{&memory_};
  std::pmr::vector<char> needed_{&memory_};
};

std::vector<Variable> pass(std::span<const Variable> outputs, std::span<const Variable> inputs,
                           std::span<const Variable> gradients, const GradOptions& options,
                           bool accumulate) {
  std::vector<Variable> seeds = misuse::checked_seeds(outputs, gradients);
  std::vector<Variable> results(inputs.size());
  BackwardPass pass(options);
  for (const Variable& output : outputs) pass.discover(output.node());
  if (!accumulate) pass.request(inputs);
  pass.run(outputs, seeds, inputs, results, accumulate);
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
