// Reductions, matrix products, softmax and layer_norm: as PyTorch computes them.
#include <limits>

#include "heed/autograd/einsum.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/norm.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

/// f(x, dims, keepdim) with the stored dims.
template <class F>
Variable over_dims(const Run& r, F f) {
  return f(r[0], r.dims("dims"), r.flag("keepdim"));
}

/// f(x, dim, keepdim).
template <class F>
auto along_dim(const Run& r, F f) {
  return f(r[0], r.integer("dim"), r.flag("keepdim"));
}

VarOptions var_options(const Run& r) {
  return {.correction = r.number("correction", 1), .keepdim = r.flag("keepdim")};
}

double norm_order(const Run& r) {
  if (r.word("order") == "infinity") return std::numeric_limits<double>::infinity();
  return r.number("p", 2);
}

/// An operand of matmul, stored transposed or not.
Variable operand(const Run& r, size_t i, std::string_view transposed) {
  return r.flag(transposed) ? transpose(r[i], -1, -2) : r[i];
}

Variables operands(const Run& r) {
  Variables all;
  for (size_t i = 0; i < r.size(); ++i) all.push_back(r[i]);
  return all;
}

Variable optional_input(const Run& r, size_t i) { return i < r.size() ? r[i] : Variable(); }

}  // namespace

#define HEED_OVERLOADS(f) [](const auto&... arguments) { return f(arguments...); }

TEST_CASE("parity: reduce") {
  check_parity(
      "reduce",
      {
          {"sum", [](Run& r) { return sum(r[0], r.dims("dims"), r.flag("keepdim")); }},
      });
}
