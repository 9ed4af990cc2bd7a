#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "heed/autograd/variable.h"
#include "heed/core/einsum.h"

namespace heed {

/// Einstein's summation, recorded: equations and errors as in core/einsum.h. The gradient of an
/// operand is another summation, of the incoming gradient with the other operands.
Variable einsum(std::string_view equation, std::span<const Variable> operands);
inline Variable einsum(std::string_view equation, std::initializer_list<Variable> operands) {
  return einsum(equation, std::span<const Variable>(operands.begin(), operands.size()));
}

}  // namespace heed
