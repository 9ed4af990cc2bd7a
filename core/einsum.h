#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "heed/core/tensor.h"

namespace heed {

/// Einstein's summation: "bij,bjk->bik" names the dimensions of every operand by letters; a letter
/// that is missing in the output is summed over. A letter twice in one operand takes the diagonal.
/// Without "->" the output has, in alphabetical order, the letters that occur once. Operands are
/// contracted from left to right, through matmul. Throws Error when a letter has two sizes, when
/// letters and dimensions differ in number, or when the equation cannot be read.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
inline Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span<const Tensor>(operands.begin(), operands.size()));
}

}  // namespace heed
