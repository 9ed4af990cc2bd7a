#pragma once
// internal

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/dims.h"

/// Einstein's summation written once for anything that has shape(), permute, reshape, slice, sum,
/// mul and matmul: tensors here, differentiable values in autograd.
namespace heed::detail {

/// The letters of each operand and of the output, checked against the shapes.
struct EinsumEquation {
  std::vector<std::string> inputs;
  std::string output;
  std::array<int64_t, 128> sizes{};  // of each letter
};
EinsumEquation parse_einsum(std::string_view equation, std::span<const Shape> shapes);

/// An operand and the letters of its dimensions.
template <class T>
struct EinsumTerm {
  T x;
  std::string letters;
};

inline bool has_letter(const std::string& letters, char letter) {
  return letters.find(letter) != std::string::npos;
}

/// The dimensions in the order of `letters`.
template <class T>
void order_letters(EinsumTerm<T>& term, const std::string& letters) {
  if (term.letters == letters) return;
  Dims order;
  for (char letter : letters) order.push_back(int64_t(term.letters.find(letter)));
  term.x = permute(term.x, order);
  term.letters = letters;
}

/// A letter that occurs twice: (..., n, n) is read as (..., n n), every (n + 1)-th element taken.
template <class T>
void take_diagonals(EinsumTerm<T>& term) {
  for (size_t i = 0; i < term.letters.size(); ++i) {
    const size_t twin = term.letters.find(term.letters[i], i + 1);
    if (twin == std::string::npos) continue;
    Dims order;
    Shape flat;
    for (size_t d = 0; d < term.letters.size(); ++d)
      if (d != i && d != twin) order.push_back(int64_t(d)), flat.push_back(term.x.shape()[int(d)]);
    const int64_t n = term.x.shape()[int(i)];
    order.push_back(int64_t(i));
    order.push_back(int64_t(twin));
    flat.push_back(n * n);
    term.x = slice(reshape(permute(term.x, order), flat), -1, 0, n * n, n + 1);
    const char letter = term.letters[i];
    term.letters.erase(twin, 1);
    term.letters.erase(i, 1);
    term.letters += letter;
    i = size_t(-1);  // from the start: the places have changed
  }
}

/// Sums over every letter that is not in `wanted`.
template <class T>
void sum_letters(EinsumTerm<T>& term, const std::string& wanted) {
  Dims dims;
  std::string left;
  for (size_t i = 0; i < term.letters.size(); ++i) {
    if (has_letter(wanted, term.letters[i]))
      left += term.letters[i];
    else
      dims.push_back(int64_t(i));
  }
  if (dims.empty()) return;
  term.x = sum(term.x, dims, false);
  term.letters = left;
}

/// The product of two terms, summed over the letters that both have and nobody needs later.
template <class T>
EinsumTerm<T> contract(EinsumTerm<T> a, EinsumTerm<T> b, const std::string& wanted,
                       const EinsumEquation& equation) {
  sum_letters(a, wanted + b.letters);
  sum_letters(b, wanted + a.letters);
  std::string batch, inner, free_a, free_b;
  for (char letter : a.letters)
    (!has_letter(b.letters, letter) ? free_a
     : has_letter(wanted, letter)   ? batch
                                    : inner) += letter;
  for (char letter : b.letters)
    if (!has_letter(a.letters, letter)) free_b += letter;
  order_letters(a, batch + free_a + inner);
  order_letters(b, batch + inner + free_b);
  const auto size = [&](const std::string& letters) {
    int64_t product = 1;
    for (char letter : letters) product *= equation.sizes[size_t(letter)];
    return product;
  };
  const T x = reshape(a.x, Shape{size(batch), size(free_a), size(inner)});
  const T y = reshape(b.x, Shape{size(batch), size(inner), size(free_b)});
  EinsumTerm<T> out{inner.empty() ? mul(x, y) : matmul(x, y), batch + free_a + free_b};
  Shape shape;
  for (char letter : out.letters) shape.push_back(equation.sizes[size_t(letter)]);
  out.x = reshape(out.x, shape);
  return out;
}

template <class T>
T evaluate_einsum(const EinsumEquation& equation, std::span<const T> operands) {
  std::vector<EinsumTerm<T>> terms;
  for (size_t i = 0; i < operands.size(); ++i) {
    terms.push_back({operands[i], equation.inputs[i]});
    take_diagonals(terms.back());
  }
  EinsumTerm<T> result = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    std::string wanted = equation.output;
    for (size_t later = i + 1; later < terms.size(); ++later) wanted += terms[later].letters;
    result = contract(result, terms[i], wanted, equation);
  }
  sum_letters(result, equation.output);
  order_letters(result, equation.output);
  return result.x;
}

}  // namespace heed::detail
