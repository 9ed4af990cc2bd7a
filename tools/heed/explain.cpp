// What the engine does in a backward pass, on two small examples.
#include "heed/autograd/explain.h"

#include <string_view>

#include "commands.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/recurrent.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "output.h"

using namespace heed;

namespace {

constexpr std::string_view micrograd_intro =
    "The expression of micrograd's README, with a = -4 and b = 2:\n\n"
    "  c = a + b;  d = a b + b^3\n"
    "  c += c + 1;  c += 1 + c - a\n"
    "  d += 2 d + relu(b + a);  d += 3 d + relu(b - a)\n"
    "  e = c - d;  f = e^2;  g = f / 2 + 10 / f\n\n"
    "Published there: g = 24.7041, dg/da = 138.8338, dg/db = 645.5773. Backward, newest first:\n\n";
constexpr std::string_view lstm_intro =
    "One step of an LSTM with two inputs and two units, loss = h'[0] + h'[1]:\n\n"
    "  i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x + b_ih + W_hh h + b_hh\n"
    "  c' = f c + i g;  h' = o tanh(c')\n\n"
    "Backward, newest first:\n\n";

Variable leaf(const Tensor& value, std::string name) {
  Variable x = Variable(value).requires_grad_();
  x.set_name(std::move(name));
  return x;
}

/// The expression of micrograd's README: g = 24.7041, dg/da = 138.8338, dg/db = 645.5773.
Variable micrograd() {
  const Variable a = leaf(tensor(-4.0, {.dtype = f64}), "a");
  const Variable b = leaf(tensor(2.0, {.dtype = f64}), "b");
  Variable c = a + b;
  Variable d = a * b + pow(b, 3);
  c = c + (c + 1);
  c = c + (1 + c + (-a));
  d = d + (d * 2 + relu(b + a));
  d = d + (3 * d + relu(b - a));
  const Variable e = c - d;
  const Variable f = pow(e, 2);
  return f / 2.0 + 10.0 / f;
}

/// One step of an LSTM cell with two inputs and two units, in primitive ops, summed to a loss.
Variable lstm() {
  const auto row = [](std::initializer_list<Scalar> values, const char* name) {
    return leaf(tensor({values}, {.dtype = f64}), name);  // (1, N)
  };
  const auto ramp = [](const Shape& shape, const char* name) {
    const int64_t n = numel(shape);
    return leaf(reshape(linspace(-0.5, 0.5, n, {.dtype = f64}), shape), name);
  };
  const RecurrentWeights weights{ramp({8, 2}, "w_ih"), ramp({8, 2}, "w_hh"), ramp({8}, "b_ih"),
                                 ramp({8}, "b_hh")};
  const bool kernels = fused();
  set_fused(false);  // the definition has the steps to look at
  const LstmState next =
      lstm_cell(row({1.0, -1.0}, "x"), row({0.5, 0.1}, "h"), row({0.2, -0.3}, "c"), weights);
  const Variable loss = sum(next.h);
  set_fused(kernels);
  return loss;
}

int explain_example(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "an EXAMPLE: micrograd or lstm");
  const std::string& name = arguments.texts()[0];
  if (name != "micrograd" && name != "lstm")
    arguments.refuse("expected an example, micrograd or lstm, got \"", name, "\"");
  const Tape tape;
  const Variable loss = name == "micrograd" ? micrograd() : lstm();
  if (arguments.has("dot")) {
    print(explain_dot(loss));
    return 0;
  }
  print(name == "micrograd" ? micrograd_intro : lstm_intro);
  print(explain(loss));
  return 0;
}

}  // namespace

Command explain_command() {
  return {.name = "explain",
          .arguments = "EXAMPLE",
          .help = "the backward pass of micrograd's expression, or of an lstm step",
          .flags = {{"dot", "", "as a graph in the DOT language"}},
          .run = explain_example};
}
