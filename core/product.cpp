#include "heed/core/product.h"

#include <algorithm>

#include "heed/core/gemm.h"

namespace heed {
namespace {

template <class T>
MatrixView<T> view_of(const Tensor& x) {
  const int64_t row = x.strides()[0], column = x.strides()[1];
  const bool rows_in_order = column == 1 || x.size(1) == 1;
  require(rows_in_order || row == 1 || x.size(0) == 1, "add_product_: strides ", x.strides());
  if (rows_in_order) return {x.data<T>(), std::max<int64_t>(row, x.size(1)), false};
  return {x.data<T>(), std::max<int64_t>(column, x.size(0)), true};
}

}  // namespace

void add_product_(const Tensor& c, const Tensor& a, const Tensor& b) {
  require(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0) &&
              c.shape() == Shape({a.size(0), b.size(1)}),
          "add_product_: shapes do not fit: ", c.shape(), " += ", a.shape(), " x ", b.shape());
  dispatch_floating(c.dtype(), "add_product_", [&](auto t) {
    using T = decltype(t);
    gemm<T>(a.size(0), b.size(1), a.size(1), view_of<T>(a), view_of<T>(b), c.mutable_data<T>(),
            c.strides()[0], true);
  });
}

}  // namespace heed
