#include "tests/gradient_table.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/fused.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/core/shape.h"
#include "tests/catch.h"

using namespace heed;

namespace {

using Tensors = std::vector<Tensor>;
using Variables = std::vector<Variable>;

Tensor sample(const Shape& shape, const Range& range, Generator& generator) {
  const Tensor x = uniform(shape, range.low, range.high, {.dtype = f64, .generator = &generator});
  double* numbers = x.mutable_data<double>();
  for (int64_t i = 0; i < x.numel(); ++i)
    if (std::abs(numbers[i]) < range.away) numbers[i] = numbers[i] < 0 ? -0.7 : 0.7;
  return x;
}

Tensors samples(const Row& row, const Row::Shapes& shapes) {
  Generator generator(7);
  Tensors inputs;
  for (size_t i = 0; i < shapes.size(); ++i)
    inputs.push_back(sample(shapes[i], row.range(i), generator));
  return inputs;
}

Variables leaves(const Tensors& values) {
  Variables result;
  for (const Tensor& value : values) result.push_back(Variable(clone(value)).requires_grad_());
  return result;
}

/// Random weights of the outputs, the same for every call with the same shapes.
Variables weights_of(const Variables& outputs) {
  Generator generator(11);
  Variables weights;
  for (const Variable& y : outputs)
    weights.push_back(Variable(to(sample(y.shape(), {}, generator), y.dtype())));
  return weights;
}

/// The gradient of the weighted outputs for each input: zeros for what does not depend on it.
Tensors gradients(const Variables& outputs, const Variables& inputs, bool create_graph = false) {
  Tensors result;
  for (const Variable& g :
       grad(outputs, inputs, {.create_graph = create_graph, .allow_unused = true},
            weights_of(outputs)))
    result.push_back(g.defined() ? g.value() : zeros_like(inputs[result.size()].value()));
  return result;
}

double largest(const Tensors& tensors) {
  double most = 0;
  for (const Tensor& tensor : tensors) {
    const Tensor x = contiguous(to(tensor, f64));
    for (int64_t i = 0; i < x.numel(); ++i) most = std::max(most, std::abs(x.data<double>()[i]));
  }
  return most;
}

void check_close(const Tensors& got, const Tensors& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    INFO("number " << i << "\ngot\n" << got[i] << "\nexpected\n" << expected[i]);
    REQUIRE(got[i].shape() == expected[i].shape());
    CHECK(allclose(to(got[i], f64), to(expected[i], f64), 0, tolerance * largest(expected)));
  }
}

Tensors values_of(const Variables& variables) {
  Tensors values;
  for (const Variable& x : variables) values.push_back(x.value());
  return values;
}

void check_values(const Row& row, const Tensors& inputs) {
  INFO("values");
  const Variables outputs = row.variables(leaves(inputs));
  const Tensors expected = row.tensors(inputs);
  REQUIRE(outputs.size() == expected.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (fused())
      CHECK(equal(outputs[i].value(), expected[i]));
    else
      check_close({outputs[i].value()}, {expected[i]}, 1e-12);
    CHECK(outputs[i].requires_grad());
  }
}

void check_differences(const Row& row, const Tensors& inputs) {
  const auto result = gradcheck(row.variables, leaves(inputs), {.second_order = true});
  INFO(result.message);
  CHECK(result.ok);
}

void check_paths(const Row& row, const Tensors& inputs, const Tensors& expected) {
  Variables x = leaves(inputs);
  {
    INFO("recorded gradient");
    check_close(gradients(row.variables(x), x, true), expected, 1e-12);
  }
  INFO("with fused kernels or without, as it was not until now");
  const FusedScope scope(!fused());
  const Variables outputs = row.variables(x);
  check_close(values_of(outputs), row.tensors(inputs), 1e-12);
  check_close(gradients(outputs, x), expected, 1e-12);
}

void check_memory_order(const Row& row, const Tensors& inputs, const Tensors& expected) {
  INFO("transposed inputs");
  Variables x;
  for (const Tensor& input : inputs) {
    Dims reversed;
    for (int i = input.dim() - 1; i >= 0; --i) reversed.push_back(i);
    const Tensor order = permute(clone(permute(input, reversed)), reversed);
    x.push_back(Variable(order).requires_grad_());
  }
  const Variables outputs = row.variables(x);
  check_close(values_of(outputs), row.tensors(inputs), 1e-12);
  check_close(gradients(outputs, x), expected, 1e-12);
}

void check_constants(const Row& row, const Tensors& inputs, const Tensors& expected) {
  INFO("constant inputs");
  for (const Variable& y : row.variables(Variables(inputs.begin(), inputs.end())))
    CHECK_FALSE(y.requires_grad());
  for (size_t i = 0; inputs.size() > 1 && i < inputs.size(); ++i) {
    Variables x(inputs.begin(), inputs.end());
    x[i] = Variable(clone(inputs[i])).requires_grad_();
    const Variables outputs = row.variables(x);
    for (const Variable& y : outputs)
      if (y.requires_grad()) {
        for (const Edge& edge : y.node()->edges())
          CHECK((!edge.node || edge.node == x[i].node() || !edge.node->is_leaf));
      }
    check_close(gradients(outputs, {x[i]}), {expected[i]}, 1e-12);
  }
}

void check_twice(const Row& row, const Tensors& inputs) {
  if (inputs.size() < 2 || inputs[0].shape() != inputs[1].shape()) return;
  INFO("one Variable twice");
  Tensors same = inputs;
  same[1] = same[0];
  Variables x = leaves(same);
  const Tensors apart = gradients(row.variables(x), x);
  x[1] = x[0];
  check_close(gradients(row.variables(x), {x[0]}), {add(apart[0], apart[1])}, 1e-12);
}

void check_float(const Row& row, const Tensors& inputs, const Tensors& expected) {
  INFO("f32");
  Variables x;
  for (const Tensor& input : inputs) x.push_back(Variable(to(input, f32)).requires_grad_());
  const Variables outputs = row.variables(x);
  for (const Variable& y : outputs) CHECK(y.dtype() == f32);
  check_close(values_of(outputs), row.tensors(inputs), 1e-5);
  check_close(gradients(outputs, x), expected, 1e-4);
}

/// Numbers that change between forward and backward are either not needed or noticed.
void check_changed(const Row& row, const Tensors& inputs, const Tensors& expected, bool output) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Variables x = leaves(inputs), outputs = row.variables(x);
    const Variable& changed = output ? outputs[0] : x[i];
    INFO((output ? "changed output " : "changed input ") << i);
    try {
      changed.value().copy_(add(changed.value(), 0.25));
      check_close(gradients(outputs, x), expected, 1e-12);
    } catch (const Error& error) {  // or an expanded output cannot be written to
      const std::string message = error.what();
      CHECK((message.find("changed in place") != std::string::npos ||
             message.find("share memory") != std::string::npos));
    }
  }
}

void check_case(const Row& row, const Row::Shapes& shapes) {
  const Tensors inputs = samples(row, shapes);
  const Variables x = leaves(inputs);
  const Tensors expected = gradients(row.variables(x), x);
  check_values(row, inputs);
  check_differences(row, inputs);
  check_paths(row, inputs, expected);
  check_memory_order(row, inputs, expected);
  check_constants(row, inputs, expected);
  check_twice(row, inputs);
  check_float(row, inputs, expected);
  check_changed(row, inputs, expected, false);
  check_changed(row, inputs, expected, true);
}

}  // namespace

void check_rows(std::initializer_list<Row> rows) {
  for (const Row& row : rows)
    for (const Row::Shapes& shapes : row.cases) {
      std::string words;
      for (const Shape& shape : shapes) words += " " + text(shape);
      INFO("op " << row.name << words);
      CHECK_NOTHROW(check_case(row, shapes));
    }
}
