#include "heed/autograd/matmul.h"

#include <utility>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"

namespace heed {
namespace {

Variable transposed(const Variable& x) { return transpose(x, -2, -1); }

/// x (..., N) as (rows, N).
Variable rows_of(const Variable& x) {
  const int64_t width = x.size(-1);
  int64_t rows = 1;
  for (int i = 0; i + 1 < x.dim(); ++i) rows *= x.shape()[i];
  return x.dim() == 2 ? x : reshape(x, {rows, width});
}

/// a^T g for a (..., M, K) and g (..., M, N), summed over the leading dimensions: (K, N).
Variable summed_product(const Variable& a, const Variable& g) {
  return matmul(transposed(rows_of(a)), rows_of(g));
}

/// The product of matrices; vectors went into them as matrices of one row or column.
Variable matrix_product(const Variable& a, const Variable& b) {
  static constexpr Op op{"matmul", "y = a b", "da = dy b^T, db = a^T dy", true};
  auto da = [b = save(b)](const Variable& g) { return matmul(g, transposed(*b)); };
  auto db = [a = save(a), one_b = b.dim() == 2](const Variable& g) {
    return one_b && a->dim() > 2 ? summed_product(*a, g) : matmul(transposed(*a), g);
  };
  return record(op, matmul(a.value(), b.value()), input(a, std::move(da)), input(b, std::move(db)));
}

}  // namespace

Variable matmul(const Variable& a, const Variable& b) {
  if (a.dim() > 1 && b.dim() > 1) return matrix_product(a, b);
  const bool row = a.dim() == 1, column = b.dim() == 1;
  if (a.dim() == 0 || b.dim() == 0) return Variable(matmul(a.value(), b.value()));  // an error
  Variable y = matrix_product(row ? unsqueeze(a, 0) : a, column ? unsqueeze(b, -1) : b);
  if (column) y = squeeze(y, -1);
  return row ? squeeze(y, column ? -1 : -2) : y;
}

Variable linear(const Variable& x, const Variable& weight, const Variable& bias) {
  static constexpr Op op{"linear", "y = x W^T + b", "dx = dy W, dW = dy^T x, db = sum of dy"};
  if (!fused()) {
    const Variable y = matmul(x, transpose(weight, 0, 1));
    return bias.defined() ? y + bias : y;
  }
  Tensor y = linear(x.value(), weight.value(), bias.value());
  auto dx = [weight = save(weight)](const Variable& g) { return matmul(g, *weight); };
  auto dw = [x = save(x)](const Variable& g) { return summed_product(g, *x); };
  const auto db = [](const Variable& g) { return sum(rows_of(g), {0}); };
  if (!bias.defined())
    return record(op, std::move(y), input(x, std::move(dx)), input(weight, std::move(dw)));
  return record(op, std::move(y), input(x, std::move(dx)), input(weight, std::move(dw)),
                input(bias, db));
}

}  // namespace heed
