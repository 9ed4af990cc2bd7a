#include "heed/autograd/explain.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

namespace {

Variable leaf(double value, const char* name) {
  Variable x = Variable(tensor(value, {.dtype = f64})).requires_grad_();
  x.set_name(name);
  return x;
}

bool contains(const std::string& text, std::string_view part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  if (!found) WARN("no \"" << part << "\" in\n" << text);
  return found;
}

}  // namespace

TEST_CASE("explain numbers the steps and shows where gradients add up", "[explain]") {
  const Variable a = leaf(3, "a"), b = leaf(-2, "b");
  const Tape tape;
  const Variable product = a * b, power = square(a);
  const Variable loss = product + power;  // d loss / da = b + 2 a = 4, d loss / db = a = 3
  const std::string text = explain(loss);
  CHECK(contains(text, "1. v3 = add(v1, v2) = 3    y = a + b\n     dv3 = 1\n"));
  CHECK(contains(text, "v1 = mul(a, b) = -6    y = a b"));
  CHECK(contains(text, "rule: dx = 2 x dy"));
  CHECK(contains(text, "  a = 3, gradient 6 (v2) + -2 (v1) = 4\n"));
  CHECK(contains(text, "  b = -2, gradient 3\n"));
  CHECK(!a.grad().defined());  // nothing was accumulated,
  loss.backward();             // and the graph is still there
  CHECK(a.grad().item() == 4);
}

TEST_CASE("explain_dot gives one box for each step and leaf", "[explain]") {
  const Variable a = leaf(3, "say \"hi\"\n"), b = leaf(-2, "b");
  const Tape tape;
  const std::string dot = explain_dot(a * b);
  CHECK(contains(dot, "digraph backward {"));
  CHECK(contains(dot, "\"v1\" -> \"b\" [label=\"3\"];"));
  CHECK(contains(dot, "say \\\"hi\\\"\\n"));
}

TEST_CASE("explain without a tape shows gradients and leaves values open", "[explain]") {
  const Variable a = leaf(3, "a");
  const std::string text = explain(square(a));
  CHECK(contains(text, "v1 = square(a) = ?"));
  CHECK(contains(text, "gradient 6"));
}

TEST_CASE("explain shows what came to a function and what it sent on", "[explain]") {
  const Variable a = leaf(3, "a");
  const Tape tape;
  const std::string text = explain(square(square(a)));
  CHECK(contains(text, "v1 = square(a) = 9    y = x^2\n     dv1 = 18\n"));
  CHECK(contains(text, "gradient 108"));
}

TEST_CASE("explain refuses what was not recorded", "[explain]") {
  check_error([] { explain(Variable(tensor(1.0))); }, "explain: this value requires no gradient");
  check_error([] { explain(Variable()); }, "explain: this value requires no gradient");
  const Variable x = Variable(zeros({2})).requires_grad_();
  check_error([&] { explain(x * 2); }, "only a value of one element");
}
