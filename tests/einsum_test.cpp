#include "heed/core/einsum.h"

#include <map>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/matmul.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// Einstein's summation as it is defined: one loop over every letter.
Values by_loops(const std::vector<std::string>& inputs, const std::string& output,
                const std::vector<Tensor>& operands) {
  std::map<char, int64_t> sizes, at;
  std::string letters = output;  // the output's letters first: they are the outer loops
  for (size_t i = 0; i < inputs.size(); ++i)
    for (size_t d = 0; d < inputs[i].size(); ++d) {
      sizes[inputs[i][d]] = operands[i].size(int64_t(d));
      if (letters.find(inputs[i][d]) == std::string::npos) letters += inputs[i][d];
    }
  const auto total = [&](std::string_view some) {
    int64_t product = 1;
    for (char letter : some) product *= sizes[letter];
    return product;
  };
  std::vector<Values> numbers;
  for (const Tensor& operand : operands) numbers.push_back(values(operand));
  Values out(size_t(total(output)), 0);
  const int64_t all = total(letters);
  for (int64_t n = 0; n < all; ++n) {
    int64_t rest = n;
    for (size_t d = letters.size(); d-- > 0; rest /= sizes[letters[d]])
      at[letters[d]] = rest % sizes[letters[d]];
    double product = 1;
    for (size_t i = 0; i < inputs.size(); ++i) {
      int64_t place = 0;
      for (char letter : inputs[i]) place = place * sizes[letter] + at[letter];
      product *= numbers[i][size_t(place)];
    }
    out[size_t(n / (all / total(output)))] += product;
  }
  return out;
}

/// An equation whose letters a, b, c, ... have sizes 2, 3, 4, ...
void check_equation(const std::string& equation, const std::string& implied = "") {
  CAPTURE(equation);
  const size_t arrow = equation.find("->");
  const std::string output = arrow == std::string::npos ? implied : equation.substr(arrow + 2);
  std::vector<std::string> inputs(1);
  for (char c : equation.substr(0, arrow)) {
    if (c == ',')
      inputs.emplace_back();
    else
      inputs.back() += c;
  }
  std::vector<Tensor> plain, turned;
  for (const std::string& input : inputs) {
    Shape shape;
    for (char letter : input) shape.push_back(letter - 'a' + 2);
    plain.push_back(randn(shape, {.dtype = heed::f64}));
    turned.push_back(reversed_layout(plain.back()));
  }
  const Values want = by_loops(inputs, output, plain);
  Shape shape;
  for (char letter : output) shape.push_back(letter - 'a' + 2);
  CHECK(einsum(equation, plain).shape() == shape);
  CHECK(distance(values(einsum(equation, plain)), want) <= 1e-12);
  CHECK(distance(values(einsum(equation, turned)), want) <= 1e-12);
}

}  // namespace

TEST_CASE("einsum is the sum over every letter") {
  for (const char* equation :
       {"a->a",         "ab->ba",      "ab->",         "ab->b",         "abc->ca",
        "ab,bc->ac",    "ab,cb->ca",   "a,a->",        "a,b->ab",       "a,b->ba",
        "abc,acd->abd", "abc,cd->abd", "abc,abc->abc", "abc,abc->ab",   "abc,bad->cd",
        "ab,bc,cd->ad", "ab,bc,cd->",  "ab,ab,ab->a",  "abcd,ad,c->db", ",a->a",
        ",->",          "ab,c->ac",    "bca,dbe->aced"})
    check_equation(equation);
  check_equation("ab,bc", "ac");
  check_equation("ba", "ab");
  check_equation("ab,ab", "");
}

TEST_CASE("einsum takes diagonals") {
  const Tensor x = randn({3, 3}, {.dtype = heed::f64}), y = randn({3, 2, 3}, {.dtype = heed::f64});
  const Tensor z = randn({2, 2, 2}, {.dtype = heed::f64});
  CHECK(values(einsum("ii->i", {x})) == Values{x.at({0, 0}), x.at({1, 1}), x.at({2, 2})});
  CHECK(einsum("ii", {x}).item() == Approx(x.at({0, 0}) + x.at({1, 1}) + x.at({2, 2})));
  CHECK(einsum("iji->ji", {y}).at({1, 2}) == y.at({2, 1, 2}));
  CHECK(values(einsum("iii->i", {z})) == Values{z.at({0, 0, 0}), z.at({1, 1, 1})});
  CHECK(allclose(einsum("iji,ik->jk", {y, x}), matmul(einsum("iji->ji", {y}), x)));
  CHECK(einsum("ii->i", {zeros({0, 0})}).shape() == Shape{0});
}

TEST_CASE("einsum of zero-sized tensors, integers and spaces") {
  CHECK(values(einsum("ij,jk->ik", {zeros({2, 0}), zeros({0, 3})})) == Values(6, 0));
  CHECK(einsum("bij,bjk->bik", {zeros({0, 2, 3}), zeros({0, 3, 4})}).shape() == Shape{0, 2, 4});
  CHECK(values(einsum("ij->j", {tensor({{1, 2}, {3, 4}})})) == Values{4, 6});
  CHECK(values(einsum(" i j , j -> i ", {ones({2, 3}), ones({3})})) == Values{3, 3});
}

TEST_CASE("einsum says what is wrong") {
  const Tensor m = zeros({2, 3}), v = zeros({3});
  check_error(
      [&] {
        einsum("ij,jk->ik", {m, m});
      },
      "einsum: \"j\" has size 3 and 2 (in operand 1, (2, 3))");
  check_error([&] { einsum("ij,j->i", {m}); }, "names 2 operands, got 1");
  check_error([&] { einsum("ij->k", {m}); }, "einsum: the output's \"k\" is in no input");
  check_error([&] { einsum("ijk->i", {m}); }, "\"ijk\" names 3 dimensions, operand 0 has shape");
  check_error([&] { einsum("...i->i", {m}); }, "einsum: unexpected \".\"");
  check_error([&] { einsum("ij->ii", {m}); }, "einsum: \"i\" occurs twice in the output");
  check_error([&] { einsum("ij->i->j", {m}); }, "einsum: unexpected \"-\"");
  check_error([&] { einsum("ii", {m}); }, "einsum: \"i\" has size 2 and 3");
  check_error([&] { einsum("ij,j->i", {m, to(v, heed::f64)}); }, "dtypes differ");
}
