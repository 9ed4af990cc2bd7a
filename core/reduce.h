#pragma once

#include <concepts>
#include <cstdint>

#include "heed/core/tensor.h"

/// Reductions over dimensions. An empty list of dims means all of them; negative ones count from
/// the end; keepdim leaves them with size 1. Floating sums are added in double and rounded once, in
/// an order that depends on the shape alone. NaN in gives NaN out. Each op throws Error for a
/// dimension that is out of range or given twice, and for a dtype it does not take.
namespace heed {

/// A bool and nothing that becomes one: mean(x, 1, 2) does not compile, mean(x, {1, 2}) is meant.
class KeepDim {
 public:
  template <std::same_as<bool> T>
  constexpr KeepDim(T value) : value_(value) {}  // NOLINT: implicit
  constexpr operator bool() const { return value_; }

 private:
  bool value_;
};

/// Of no elements: 0. i64 and u8 give i64.
Tensor sum(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);

/// Of no elements: NaN. f32 and f64 only.
Tensor mean(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);

struct VarOptions {
  double correction = 1;  ///< the divisor is n - correction: 1 for a sample, 0 for all there is
  bool keepdim = false;
};
/// sum (x - mean)^2 / (n - correction), or NaN where the divisor is not positive and the sum is 0.
/// Two passes per piece, pieces joined by Chan, Golub & LeVeque 1983, "Algorithms for computing the
/// sample variance".
Tensor var(const Tensor& x, const Dims& dims = {}, VarOptions options = {});
/// The square root of var.
Tensor std(const Tensor& x, const Dims& dims = {}, VarOptions options = {});

/// (sum |x|^p)^(1/p) for p = 1 or 2; for p = infinity the largest |x|.
Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, KeepDim keepdim = false);

/// log(sum e^x) without overflow: the largest element is taken out first. Of no elements: -inf.
Tensor logsumexp(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);

/// The largest (smallest) element of any dtype; NaN wins over numbers. Of no elements: Error.
Tensor amax(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);
Tensor amin(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);

/// Extreme elements and their places (i64) along a dimension.
struct ExtremeResult {
  Tensor values;
  Tensor indices;
};
/// The largest (smallest) elements along dim; of equal ones the first, and the first NaN before
/// all.
ExtremeResult max(const Tensor& x, int64_t dim, KeepDim keepdim = false);
ExtremeResult min(const Tensor& x, int64_t dim, KeepDim keepdim = false);
/// Their places: in row-major order of the whole tensor, or along dim.
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);
Tensor argmax(const Tensor& x, int64_t dim, KeepDim keepdim = false);
Tensor argmin(const Tensor& x, int64_t dim, KeepDim keepdim = false);

/// y_i = x_0 + ... + x_i along dim. i64 and u8 give i64.
Tensor cumsum(const Tensor& x, int64_t dim);

/// 1 (u8) where any element, or every one, is not 0. NaN is not 0. Of no elements: 0 and 1.
Tensor any(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);
Tensor all(const Tensor& x, const Dims& dims = {}, KeepDim keepdim = false);

}  // namespace heed
