#include "heed/autograd/node.h"

#include <utility>

#include "heed/autograd/variable.h"

namespace heed {
namespace {

std::atomic<uint64_t> made{0};

// Nodes whose last handle is gone. Freeing one drops its edges, which may add more to the list.
[[gnu::tls_model("initial-exec")]] thread_local constinit Node* first_dead = nullptr;
[[gnu::tls_model("initial-exec")]] thread_local constinit bool freeing = false;

}  // namespace

Node::Node(const Op& op, const Shape& shape, DType dtype)
    : op(op), sequence(made.fetch_add(1, std::memory_order_relaxed)), shape(shape), dtype(dtype) {}
Node::~Node() = default;

void Node::destroy(Node* node) noexcept {
  node->next_ = std::exchange(first_dead, node);
  if (std::exchange(freeing, true)) return;
  while (Node* dead = first_dead) {
    first_dead = dead->next_;
    delete dead;
  }
  freeing = false;
}

}  // namespace heed
