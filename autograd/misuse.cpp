#include "heed/autograd/misuse.h"

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"

namespace heed::misuse {

void check_write(const Variable& x, const char* op) {
  if (!recording() || !x.requires_grad()) return;
  const std::string name = x.name().empty() ? "" : " (" + x.name() + ")";
  if (x.is_leaf())
    fail(op, ": this leaf", name,
         " requires a gradient and would be changed in place while operations are recorded. Change "
         "it inside a NoGrad scope.");
  fail(
      op, ": this value was computed by '", x.node()->op.name,
      "' and is part of a graph; changing it in place would make its gradient wrong. Compute a new "
      "value, or detach() it first.");
}

std::vector<Variable> checked_seeds(std::span<const Variable> outputs,
                                    std::span<const Variable> gradients) {
  require(gradients.empty() || gradients.size() == outputs.size(),
          "backward: expected one gradient for each of ", outputs.size(), " outputs, got ",
          gradients.size());
  std::vector<Variable> seeds(gradients.begin(), gradients.end());
  seeds.resize(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Variable& output = outputs[i];
    require(output.defined(), "backward: output ", i, " is empty (it was never assigned)");
    require(output.requires_grad(), "backward: output ", i, " of shape ", output.shape(),
            " requires no gradient: nothing it was computed from has requires_grad_(), or it was "
            "computed inside NoGrad, or detached");
    if (seeds[i].defined()) continue;
    require(output.numel() == 1, "backward: output ", i, " has shape ", output.shape(),
            "; only a value of one element has a gradient of its own. Sum it, or pass a gradient "
            "of its shape.");
    seeds[i] = Variable(ones_like(output.value()));
  }
  return seeds;
}

void check_gradient(const Node& node, int output, const Variable& gradient, const Node* from,
                    size_t input) {
  const Shape& expected = node.output_shape(output);
  if (gradient.shape() == expected && gradient.dtype() == node.dtype) return;
  if (!from)
    fail("backward: the gradient of '", node.op.name, "' should be ", node.dtype, " ", expected,
         ", got ", gradient.dtype(), " ", gradient.shape());
  fail("backward of '", from->op.name, "': its gradient for input ", input, " should be ",
       node.dtype, " ", expected, " as the input is, got ", gradient.dtype(), " ", gradient.shape(),
       ". Where the input was broadcast, sum_to(g, shape) undoes it");
}

void check_hooked(const Node& node, int output, const Variable& gradient) {
  const Shape& expected = node.output_shape(output);
  require(gradient.shape() == expected && gradient.dtype() == node.dtype,
          "register_hook: the hook of '", node.op.name, "' should return ", node.dtype, " ",
          expected, ", got ", gradient.dtype(), " ", gradient.shape());
}

void check_used(std::span<const Variable> inputs, std::span<const Variable> results) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (results[i].defined()) continue;
    require(inputs[i].requires_grad(), "grad: input ", i, " requires no gradient");
    fail("grad: the outputs do not depend on input ", i, " of shape ",
         inputs[i].node()->output_shape(inputs[i].output()),
         ". Pass allow_unused = true if that is meant.");
  }
}

void fail_released(const Node& node) {
  fail("backward: a second pass through '", node.op.name,
       "', whose saved values the first one freed. Pass retain_graph = true to the first, detach() "
       "a state carried from step to step, or compute the value anew where the first failed.");
}

void run_rule(Node& node, Gradients& gradients) {
  try {
    node.backward(gradients);
  } catch (const MemoryError&) {
    if (gradients.last) node.release();
    throw;
  } catch (const Error& error) {
    if (gradients.last) node.release();
    fail("backward of '", node.op.name, "': ", error.what());
  }
}

}  // namespace heed::misuse
