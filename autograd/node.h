#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "heed/autograd/op.h"
#include "heed/core/pool.h"
#include "heed/core/tensor.h"

namespace heed {

class Node;
class Variable;
using NodeRef = detail::Ref<Node>;

/// The way from an op back to one of its inputs: the node that made it, and which of its outputs.
struct Edge {
  NodeRef node;  // empty when the input needs no gradient
  int output = 0;
};

/// What a backward rule reads and writes. A gradient that never arrived is an undefined Variable;
/// one that nobody else holds may be written over, unless a Trace looks on.
struct Gradients {
  std::span<const Variable> outputs;  ///< incoming, one for each output of the op
  std::span<Variable> inputs;         ///< to be set, one for each input that is needed
  std::span<const char> needed;
  bool create_graph;  ///< will these gradients be differentiated again?
  bool last;          ///< will the rule never run again? What it saved may be overwritten
};

/// Sees the gradient of a value when it is complete; a defined result takes its place.
using Hook = std::function<Variable(const Variable& gradient)>;

/// One recorded op: edges to the nodes that made its inputs, and a rule for its derivative.
///
/// Edges own what they point to and a rule never holds its own node: there is no cycle. Freeing a
/// graph takes no recursion, however deep it is.
class Node {
 public:
  Node(const Op& op, const Shape& shape, DType dtype);
  virtual ~Node();
  Node(const Node&) = delete;

  virtual std::span<const Edge> edges() const = 0;
  virtual void backward(Gradients& gradients) = 0;
  virtual void release() {}  ///< frees what was saved for backward
  virtual int outputs() const { return 1; }
  virtual const Shape& output_shape(int) const { return shape; }

  const Op& op;
  const uint64_t sequence;  // counts creations: newest first is a valid backward order
  Shape shape;              // of the first output
  DType dtype;
  bool is_leaf = false;
  bool active = true;  // false: a frozen leaf
  bool released = false;
  uint32_t slot = 0;  // the node's place in the running backward pass; meaningless outside
  std::vector<std::pair<int, Hook>> hooks;  // (output, hook)
  std::unique_ptr<Variable> kept;  // the gradient of a leaf, or of another value's first output

  std::atomic<uint32_t> references{0};
  static void destroy(Node* node) noexcept;
  static void* operator new(size_t bytes) { return detail::pool_allocate(bytes); }
  static void operator delete(void* node, size_t bytes) { detail::pool_free(node, bytes); }

 private:
  Node* next_ = nullptr;  // in the list of nodes to free
};

/// A node of type N in recycled memory.
template <class N, class... Args>
NodeRef make_node(Args&&... args) {
  return NodeRef(new N(std::forward<Args>(args)...));
}

}  // namespace heed
