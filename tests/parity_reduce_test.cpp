// Reductions, matrix products, softmax and layer_norm: as PyTorch computes them.
#include <limits>

#include "heed/autograd/einsum.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/norm.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

Dims dims(const Run& r) { return r.dims("dims"); }
int64_t dim(const Run& r) { return r.integer("dim"); }
bool keepdim(const Run& r) { return r.flag("keepdim"); }

VarOptions var_options(const Run& r) {
  return {.correction = r.number("correction", 1), .keepdim = keepdim(r)};
}

double norm_order(const Run& r) {
  if (r.word("order") == "infinity") return std::numeric_limits<double>::infinity();
  return r.number("p", 2);
}

/// An operand of matmul, stored transposed or not.
Variable operand(const Run& r, size_t i, std::string_view transposed) {
  return r.flag(transposed) ? transpose(r[i], -1, -2) : r[i];
}

Variable optional_input(const Run& r, size_t i) { return i < r.size() ? r[i] : Variable(); }

Variable layer_norm(const Run& r) {
  return layer_norm(r[0], optional_input(r, 1), optional_input(r, 2), r.number("eps", 1e-5));
}

}  // namespace

TEST_CASE("parity: reduce") {
  check_parity("reduce",
               {
                   {"sum", [](Run& r) { return sum(r[0], dims(r), keepdim(r)); }},
                   {"mean", [](Run& r) { return mean(r[0], dims(r), keepdim(r)); }},
                   {"var", [](Run& r) { return var(r[0], dims(r), var_options(r)); }},
                   {"std", [](Run& r) { return heed::std(r[0], dims(r), var_options(r)); }},
                   {"norm", [](Run& r) { return norm(r[0], norm_order(r), dims(r), keepdim(r)); }},
                   {"logsumexp", [](Run& r) { return logsumexp(r[0], dims(r), keepdim(r)); }},
                   {"amax", [](Run& r) { return amax(r[0], dims(r), keepdim(r)); }},
                   {"amin", [](Run& r) { return amin(r[0], dims(r), keepdim(r)); }},
                   {"max", [](Run& r) { return max(r[0], dim(r), keepdim(r)); }},
                   {"min", [](Run& r) { return min(r[0], dim(r), keepdim(r)); }},
                   {"max_all", [](Run& r) { return max(r[0]); }},
                   {"min_all", [](Run& r) { return min(r[0]); }},
                   {"argmax", [](Run& r) { return argmax(r.tensor(0), dim(r), keepdim(r)); }},
                   {"argmin", [](Run& r) { return argmin(r.tensor(0), dim(r), keepdim(r)); }},
                   {"argmax_all", [](Run& r) { return argmax(r.tensor(0)); }},
                   {"argmin_all", [](Run& r) { return argmin(r.tensor(0)); }},
                   {"any", [](Run& r) { return any(r.tensor(0), dims(r), keepdim(r)); }},
                   {"all", [](Run& r) { return all(r.tensor(0), dims(r), keepdim(r)); }},
                   {"cumsum", [](Run& r) { return cumsum(r[0], dim(r)); }},
               });
}

TEST_CASE("parity: product") {
  check_parity("product",
               {
                   {"matmul",
                    [](Run& r) {
                      return matmul(operand(r, 0, "transpose_a"), operand(r, 1, "transpose_b"));
                    }},
                   {"linear", [](Run& r) { return linear(r[0], r[1], optional_input(r, 2)); }},
                   {"einsum", [](Run& r) { return einsum(r.word("equation"), r.inputs()); }},
               });
}

TEST_CASE("parity: softmax") {
  check_parity("softmax",
               {
                   {"softmax", [](Run& r) { return softmax(r[0], dim(r)); }},
                   {"masked_softmax", [](Run& r) { return softmax(r[0], dim(r), r.tensor(1)); }},
                   {"log_softmax", [](Run& r) { return log_softmax(r[0], dim(r)); }},
                   {"layer_norm", [](Run& r) { return layer_norm(r); }},
               });
}
