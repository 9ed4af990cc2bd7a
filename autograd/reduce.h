#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/reduce.h"

/// Reductions of Variables: the functions of core/reduce.h, recorded. Formulas, shapes and errors
/// are stated there; an empty list of dims means all of them. At kinks: equal extreme elements
/// share the gradient of amax, amin and of max and min of everything, the first takes all of max
/// and min along a dimension; norm and std of nothing but zeros have gradient 0.
namespace heed {

Variable sum(const Variable& x, const Dims& dims = {}, KeepDim keepdim = false);
Variable mean(const Variable& x, const Dims& dims = {}, KeepDim keepdim = false);
Variable var(const Variable& x, const Dims& dims = {}, VarOptions options = {});
Variable std(const Variable& x, const Dims& dims = {}, VarOptions options = {});
Variable norm(const Variable& x, double p = 2, const Dims& dims = {}, KeepDim keepdim = false);
Variable logsumexp(const Variable& x, const Dims& dims = {}, KeepDim keepdim = false);
Variable amax(const Variable& x, const Dims& dims = {}, KeepDim keepdim = false);
Variable amin(const Variable& x, const Dims& dims = {}, KeepDim keepdim = false);
Variable max(const Variable& x);
Variable min(const Variable& x);

/// Elements that were picked along a dimension, and their places (i64).
struct PickedVariable {
  Variable values;
  Tensor indices;
};
PickedVariable max(const Variable& x, int64_t dim, KeepDim keepdim = false);
PickedVariable min(const Variable& x, int64_t dim, KeepDim keepdim = false);

Variable cumsum(const Variable& x, int64_t dim);

}  // namespace heed
