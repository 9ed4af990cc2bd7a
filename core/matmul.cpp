#include "heed/core/matmul.h"

#include <algorithm>

#include "heed/core/convert.h"
#include "heed/core/gemm.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"

namespace heed {
namespace {

// The last two dimensions as one matrix in memory.
struct Layout {
  int64_t rows, columns, row_stride, column_stride;

  explicit Layout(const Tensor& x)
      : rows(x.shape()[x.dim() - 2]),
        columns(x.shape()[x.dim() - 1]),
        row_stride(x.strides()[x.dim() - 2]),
        column_stride(x.strides()[x.dim() - 1]) {}
  bool row_major() const {
    return (column_stride == 1 || columns == 1) && (row_stride >= columns || rows == 1);
  }
  bool column_major() const {
    return (row_stride == 1 || rows == 1) && (column_stride >= rows || columns == 1);
  }
};

/// Can gemm read its matrices where they lie?
bool is_readable(const Tensor& x) {
  const Layout layout(x);
  return layout.row_major() || layout.column_major();
}
Tensor readable(const Tensor& x) { return is_readable(x) ? x : contiguous(x); }

template <class T>
MatrixView<T> matrix_view(const Tensor& x) {
  const Layout l(x);
  if (l.row_major())
    return {x.data<T>(), std::max<int64_t>(1, l.rows == 1 ? l.columns : l.row_stride)};
  return {x.data<T>(), std::max<int64_t>(1, l.columns == 1 ? l.rows : l.column_stride), true};
}

Shape batch_of(const Tensor& x) {
  Shape batch;
  for (int i = 0; i + 2 < x.dim(); ++i) batch.push_back(x.shape()[i]);
  return batch;
}

/// Do all dimensions but the last lie in memory as one?
bool rows_merge(const Tensor& x) {
  for (int i = 0; i + 2 < x.dim(); ++i)
    if (x.shape()[i] != 1 && x.strides()[i] != x.strides()[i + 1] * x.shape()[i + 1]) return false;
  return true;
}

Tensor with_matrix(Tensor x, const Shape& batch) {
  Shape shape = batch;
  shape.push_back(x.size(-2));
  shape.push_back(x.size(-1));
  return expand(x, shape);
}

/// The batch dimensions of both operands, neighbours merged where their strides allow it.
struct Batch {
  Dims sizes, a, b;

  Batch(const Tensor& x, const Tensor& y) {
    for (int i = 0; i + 2 < x.dim(); ++i) {
      if (x.shape()[i] == 1) continue;
      const int last = sizes.size() - 1;
      const bool merge = last >= 0 && a[last] == x.strides()[i] * x.shape()[i] &&
                         b[last] == y.strides()[i] * y.shape()[i];
      if (merge) {
        sizes[last] *= x.shape()[i];
        a[last] = x.strides()[i];
        b[last] = y.strides()[i];
      } else {
        sizes.push_back(x.shape()[i]);
        a.push_back(x.strides()[i]);
        b.push_back(y.strides()[i]);
      }
    }
    if (sizes.empty()) sizes.push_back(1), a.push_back(0), b.push_back(0);
  }
};

template <class T>
void multiply_batches(const Tensor& a, const Tensor& b, const Tensor& out) {
  const Batch batch(a, b);
  const int last = batch.sizes.size() - 1;
  const int64_t inner = batch.sizes[last], m = out.size(-2), n = out.size(-1), k = a.size(-1);
  const MatrixView<T> va = matrix_view<T>(a), vb = matrix_view<T>(b);
  T* c = out.mutable_data<T>();
  const int64_t outer = out.numel() / (inner * m * n);
  parallel_for(0, outer, 1, [&](int64_t begin, int64_t) {
    int64_t rest = begin, at_a = 0, at_b = 0;
    for (int i = last - 1; i >= 0; --i) {
      at_a += rest % batch.sizes[i] * batch.a[i];
      at_b += rest % batch.sizes[i] * batch.b[i];
      rest /= batch.sizes[i];
    }
    gemm_batched(inner, m, n, k, {va.data + at_a, va.leading, va.transposed}, batch.a[last],
                 {vb.data + at_b, vb.leading, vb.transposed}, batch.b[last],
                 c + begin * inner * m * n, n, m * n);
  });
}

/// a (rows, K) times b (K, N), plus a bias (N) that may be empty.
Tensor multiply(const Tensor& a, const Tensor& b, const Tensor& bias, const char* op) {
  if (!is_readable(a)) return multiply(contiguous(a), b, bias, op);
  if (!is_readable(b)) return multiply(a, contiguous(b), bias, op);
  const int64_t m = a.shape()[0], n = b.shape()[1], k = a.shape()[1];
  Tensor out = Tensor::allocate({m, n}, a.dtype());
  dispatch_floating(a.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const MatrixView<T> vx = matrix_view<T>(a), vy = matrix_view<T>(b);
    if (bias.defined())
      gemm_bias(m, n, k, vx, vy, contiguous(bias).data<T>(), out.mutable_data<T>(), n);
    else
      gemm(m, n, k, vx, vy, out.mutable_data<T>(), n);
  });
  return out;
}

/// The product of operands with at least two dimensions each.
Tensor multiply_matrices(const Tensor& a, const Tensor& b) {
  const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), "matmul");
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  const int64_t m = a.size(-2), n = b.size(-1), k = a.size(-1);
  const bool one_b = numel(batch_of(b)) == 1 && a.dim() >= b.dim();
  if (one_b && (rows_merge(a) || !Layout(a).column_major()))  // (B, M, K) x (K, N)
    return reshape(multiply(reshape(a, {numel(batch) * m, k}), reshape(b, {k, n}), {}, "matmul"),
                   shape);
  const Tensor out = Tensor::allocate(shape, a.dtype());
  if (out.numel() > 0)
    dispatch_floating(a.dtype(), "matmul", [&](auto t) {
      multiply_batches<decltype(t)>(with_matrix(readable(a), batch),
                                    with_matrix(readable(b), batch), out);
    });
  return out;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  require(a.dim() > 0 && b.dim() > 0, "matmul: both operands need at least one dimension, got ",
          a.shape(), " x ", b.shape());
  require(a.dtype() == b.dtype(), "matmul: dtypes differ: ", a.dtype(), " x ", b.dtype());
  require(is_floating(a.dtype()), "matmul: expected f32 or f64, got ", a.dtype());
  const auto check_inner = [&](int64_t left, int64_t right) {
    require(left == right, "matmul: inner dimensions differ: ", a.shape(), " x ", b.shape());
  };
  if (a.dim() == 2 && b.dim() == 2) {
    check_inner(a.shape()[1], b.shape()[0]);
    return multiply(a, b, {}, "matmul");
  }
  const Tensor x = a.dim() == 1 ? unsqueeze(a, 0) : a;  // (K) -> (1, K)
  const Tensor y = b.dim() == 1 ? unsqueeze(b, 1) : b;  // (K) -> (K, 1)
  check_inner(x.size(-1), y.size(-2));
  Tensor out = multiply_matrices(x, y);
  if (a.dim() == 1) out = squeeze(out, -2);
  if (b.dim() == 1) out = squeeze(out, -1);
  return out;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  require(weight.dim() == 2, "linear: expected a weight (N, K), got ", weight.shape());
  require(x.dim() > 0 && x.size(-1) == weight.size(1), "linear: expected x (..., ", weight.size(1),
          ") for weight ", weight.shape(), ", got ", x.shape());
  require(x.dtype() == weight.dtype(), "linear: dtypes differ: x ", x.dtype(), ", weight ",
          weight.dtype());
  if (bias.defined()) {
    require(bias.shape() == Shape{weight.size(0)}, "linear: expected a bias (", weight.size(0),
            ",), got ", bias.shape());
    require(bias.dtype() == x.dtype(), "linear: dtypes differ: x ", x.dtype(), ", bias ",
            bias.dtype());
  }
  Shape shape = x.shape();
  shape[shape.size() - 1] = weight.size(0);
  int64_t rows = 1;
  for (int i = 0; i + 1 < x.dim(); ++i) rows *= x.shape()[i];
  const Tensor flat = reshape(x, {rows, x.size(-1)});
  return reshape(multiply(flat, transpose(weight, 0, 1), bias, "linear"), shape);
}

}  // namespace heed
