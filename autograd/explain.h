#pragma once

#include <map>
#include <string>
#include <vector>

#include "heed/autograd/recording.h"

namespace heed {

/// While alive, keeps the values of every recorded op of this thread, so that explain() can show
/// them. For small programs and teaching: nothing is freed before the tape is.
class Tape final : public Trace {
 public:
  Tape() : scope_(*this) {}

  /// How one op was called.
  struct Entry {
    std::vector<Attribute> attributes;
    std::vector<Variable> inputs;
    std::vector<Variable> outputs;
  };
  /// What is known about the op behind a node, or null.
  const Entry* find(const Node& node) const;

  void computed(const Op&, std::span<const Attribute> attributes, std::span<const Variable> inputs,
                std::span<const Variable> outputs) override;

 private:
  std::map<const Node*, Entry> entries_;  // an entry's outputs keep its node alive
  TraceScope scope_;
};

/// The backward pass from a loss of one element as numbered steps: the op, its formula, the values,
/// the gradient that arrives, the rule, the gradients that leave, and where gradients are added up.
/// Values are shown for what a live Tape of this thread has seen. Changes no gradient and keeps the
/// graph. Throws Error when the loss requires no gradient.
std::string explain(const Variable& loss);

/// The same as a graph in the DOT language, for `dot -Tsvg`.
std::string explain_dot(const Variable& loss);

}  // namespace heed
