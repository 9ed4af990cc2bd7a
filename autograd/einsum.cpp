#include "heed/autograd/einsum.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/record.h"
#include "heed/autograd/shape.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"

namespace heed {
namespace {

/// The letters of each operand and of the output. The equation is known to be right.
struct Letters {
  std::vector<std::string> operands;
  std::string output;
};

bool has(const std::string& letters, char letter) {
  return letters.find(letter) != std::string::npos;
}

Letters parse(std::string_view equation) {
  Letters letters{{""}, ""};
  const size_t arrow = equation.find("->");
  for (char c : equation.substr(0, arrow)) {
    if (c == ',') letters.operands.emplace_back();
    if (std::isalpha(static_cast<unsigned char>(c))) letters.operands.back() += c;
  }
  if (arrow != std::string_view::npos) {
    for (char c : equation.substr(arrow + 2))
      if (c != ' ') letters.output += c;
    return letters;
  }
  std::string all;
  for (const std::string& operand : letters.operands) all += operand;
  std::sort(all.begin(), all.end());
  for (char c : all)
    if (std::count(all.begin(), all.end(), c) == 1) letters.output += c;
  return letters;
}

/// Puts x, whose dimensions are `from` (each letter once), into a tensor of dimensions `to`:
/// letters that x lacks are repeated, a letter twice in `to` fills the diagonal with zeros beside
/// it.
Variable spread(Variable x, const std::string& from, const std::string& to, const Shape& shape) {
  Dims order;  // of the dimensions of x, as `to` first mentions them
  Shape with_ones = Dims::filled(shape.size(), 1);
  for (int i = 0; i < shape.size(); ++i) {
    const char letter = to[size_t(i)];
    if (to.find(letter) != size_t(i) || !has(from, letter)) continue;
    order.push_back(int64_t(from.find(letter)));
    with_ones[i] = shape[i];
  }
  x = expand(reshape(permute(x, order), with_ones), shape);
  for (int i = 0; i < shape.size(); ++i) {
    const int first = int(to.find(to[size_t(i)]));
    if (first == i) continue;
    Shape diagonal = Dims::filled(shape.size(), 1);
    diagonal[first] = diagonal[i] = shape[i];
    x = x * Variable(reshape(eye(shape[i], {.dtype = x.dtype()}), diagonal));
  }
  return x;
}

/// The gradient of operand `mine`: what of its letters the output and the other operands hold is
/// one einsum; the rest was summed over on its own and is repeated.
Variable gradient(const Letters& letters, size_t mine, const Variable& g,
                  const std::vector<Variable>& operands) {
  std::string equation = letters.output, known = letters.output, result;
  std::vector<Variable> factors{g};
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i == mine) continue;
    equation += "," + letters.operands[i];
    known += letters.operands[i];
    factors.push_back(operands[i]);
  }
  const std::string& wanted = letters.operands[mine];
  for (char letter : wanted)
    if (has(known, letter) && !has(result, letter)) result += letter;
  return spread(einsum(equation + "->" + result, factors), result, wanted, operands[mine].shape());
}

}  // namespace

Variable einsum(std::string_view equation, std::span<const Variable> operands) {
  static constexpr Op op{"einsum", "y = sum of products", "dx = sum of products with dy"};
  std::vector<Tensor> values;
  std::vector<Saved> saved;
  for (const Variable& x : operands) {
    values.push_back(x.value());
    saved.push_back(save(x));
  }
  const Tensor y = einsum(equation, values);
  return record_joint(
      op, std::span(&y, 1), operands, [letters = parse(equation), saved](Gradients& gradients) {
        std::vector<Variable> inputs;
        for (const Saved& x : saved) inputs.push_back(*x);
        for (size_t i = 0; i < inputs.size(); ++i)
          if (gradients.needed[i])
            gradients.inputs[i] = gradient(letters, i, gradients.outputs[0], inputs);
      })[0];
}

}  // namespace heed
