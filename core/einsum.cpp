#include "heed/core/einsum.h"

#include <algorithm>

#include "heed/core/einsum_engine.h"
#include "heed/core/elementwise.h"
#include "heed/core/matmul.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"

namespace heed {
namespace detail {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::vector<std::string> split_inputs(std::string_view text) {
  std::vector<std::string> inputs(1);
  for (char c : text) {
    if (c == ',')
      inputs.emplace_back();
    else
      inputs.back() += c;
  }
  return inputs;
}

std::string without_spaces(std::string_view equation) {
  std::string text;
  for (char c : equation)
    if (c != ' ') text += c;
  return text;
}

/// The letters that occur once in all inputs together, in alphabetical order.
std::string implicit_output(const std::vector<std::string>& inputs) {
  std::string all, once;
  for (const std::string& input : inputs) all += input;
  std::sort(all.begin(), all.end());
  for (char letter : all)
    if (std::count(all.begin(), all.end(), letter) == 1) once += letter;
  return once;
}

void check_letters(const EinsumEquation& parsed, std::string_view equation) {
  std::string all;
  for (const std::string& input : parsed.inputs) all += input;
  for (char c : all + parsed.output)
    require(is_letter(c), "einsum: unexpected \"", c, "\" in \"", equation,
            "\" (letters, commas and one \"->\" are understood)");
  for (char c : parsed.output) {
    require(has_letter(all, c), "einsum: the output's \"", c, "\" is in no input of \"", equation,
            "\"");
    require(std::count(parsed.output.begin(), parsed.output.end(), c) == 1, "einsum: \"", c,
            "\" occurs twice in the output of \"", equation, "\"");
  }
}

}  // namespace

EinsumEquation parse_einsum(std::string_view equation, std::span<const Shape> shapes) {
  const std::string text = without_spaces(equation);
  const size_t arrow = text.find("->");
  EinsumEquation parsed;
  parsed.inputs = split_inputs(std::string_view(text).substr(0, arrow));
  parsed.output =
      arrow == std::string::npos ? implicit_output(parsed.inputs) : text.substr(arrow + 2);
  check_letters(parsed, equation);
  require(parsed.inputs.size() == shapes.size(), "einsum: \"", equation, "\" names ",
          parsed.inputs.size(), " operands, got ", shapes.size());
  parsed.sizes.fill(-1);
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string& letters = parsed.inputs[i];
    require(int(letters.size()) == shapes[i].size(), "einsum: \"", letters, "\" names ",
            letters.size(), " dimensions, operand ", i, " has shape ", shapes[i]);
    for (size_t d = 0; d < letters.size(); ++d) {
      int64_t& size = parsed.sizes[size_t(letters[d])];
      const int64_t here = shapes[i][int(d)];
      require(size == -1 || size == here, "einsum: \"", letters[d], "\" has size ", size, " and ",
              here, " (in operand ", i, ", ", shapes[i], ")");
      size = here;
    }
  }
  return parsed;
}

}  // namespace detail

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
  std::vector<Shape> shapes;
  for (const Tensor& operand : operands) shapes.push_back(operand.shape());
  return detail::evaluate_einsum(detail::parse_einsum(equation, shapes), operands);
}

}  // namespace heed
