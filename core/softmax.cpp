#include "heed/core/softmax.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/row_math.h"
#include "heed/core/shape.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

/// x with dim last and contiguous: rows of n elements.
struct Rows {
  Tensor x;
  int dim;
  int64_t n, count;

  Rows(const Tensor& input, int64_t wanted, const char* op) {
    require(input.dim() > 0 || wanted == 0 || wanted == -1, op, ": dimension ", wanted,
            " is out of range for shape ", input.shape());
    const Tensor whole = input.dim() > 0 ? input : reshape(input, {1});
    dim = normalize_dim(wanted, whole.shape(), op);
    x = contiguous(transpose(whole, dim, -1));
    n = x.shape().back();
    count = n == 0 ? 0 : x.numel() / n;
  }
  /// A result of x's shape, back in the order of the input.
  Tensor restore(const Tensor& y, const Shape& shape) const {
    return reshape(contiguous(transpose(y, dim, -1)), shape);
  }
};

/// A mask as rows beside those of x: only its last dimension is made dense.
class MaskRows {
 public:
  MaskRows(const Tensor& mask, const Tensor& input, const Rows& rows) {
    require(mask.dtype() == u8, "softmax: the mask's dtype must be u8, got ", mask.dtype());
    require(broadcast_shapes(mask.shape(), input.shape(), "softmax") == input.shape(),
            "softmax: the mask ", mask.shape(), " is larger than x ", input.shape());
    Tensor wide = expand(mask, input.dim() > 0 ? input.shape() : Shape{1});
    wide = transpose(wide, rows.dim, -1);
    mask_ = wide.strides().back() == 1 || rows.n == 1 ? wide : contiguous(wide);
  }
  /// Where the rows [begin, end) start.
  std::vector<const uint8_t*> starts(int64_t begin, int64_t end) const {
    const int outer = mask_.dim() - 1;
    std::array<int64_t, max_dims> index{};
    const uint8_t* at = mask_.data<uint8_t>();
    for (int64_t i = outer - 1, rest = begin; i >= 0; rest /= mask_.shape()[int(i--)]) {
      index[size_t(i)] = rest % mask_.shape()[int(i)];
      at += index[size_t(i)] * mask_.strides()[int(i)];
    }
    std::vector<const uint8_t*> rows(size_t(end - begin));
    for (const uint8_t*& row : rows) {
      row = at;
      for (int i = outer - 1; i >= 0; --i) {
        at += mask_.strides()[i];
        if (++index[size_t(i)] < mask_.shape()[i]) break;
        index[size_t(i)] = 0;
        at -= mask_.shape()[i] * mask_.strides()[i];
      }
    }
    return rows;
  }

 private:
  Tensor mask_;
};

/// y = x - its largest element, for rows of n elements; masked elements become -inf. `keep` are the
/// rows of the mask, or null.
template <class T>
void shift_rows(const T* x, T* y, int64_t rows, int64_t n, const uint8_t* const* keep) {
  if (keep)
    simd::run([x, y, rows, n, keep] {
      for (int64_t row = 0; row < rows; ++row) {
        const uint8_t* chosen = keep[row];
        const T* in = x + row * n;
        T* __restrict out = y + row * n;
#pragma GCC ivdep
        for (int64_t i = 0; i < n; ++i)
          out[i] = math::select(chosen[i] != 0, in[i], -std::numeric_limits<T>::infinity());
      }
    });
  simd::run([from = keep ? y : x, y, rows, n] {
    for (int64_t row = 0; row < rows; ++row) {
      const T* in = from + row * n;
      T* out = y + row * n;
      const T shift = rows::shift_of(rows::max(in, n));
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] = in[i] - shift;
    }
  });
}

/// Divides each row by its sum. A row of zeros stays, and masked elements stay 0 beside NaN.
template <class T>
void normalize_rows(T* y, int64_t rows, int64_t n, const uint8_t* const* keep) {
  simd::run([y, rows, n, keep] {
    for (int64_t row = 0; row < rows; ++row) {
      T* out = y + row * n;
      const double sum = rows::sum(n, [out](int64_t i) { return double(out[i]); });
      const T scale = sum == 0 ? T(0) : T(1 / sum);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) out[i] *= scale;
      if (!keep || sum == sum) continue;
      for (int64_t i = 0; i < n; ++i) out[i] = math::select(keep[row][i] != 0, out[i], T(0));
    }
  });
}

Tensor softmax_rows(const Tensor& x, const Rows& rows, const MaskRows* mask) {
  const Tensor out = Tensor::allocate(rows.x.shape(), x.dtype());
  dispatch_floating(x.dtype(), "softmax", [&](auto t) {
    using T = decltype(t);
    const T* from = rows.x.data<T>();
    T* y = out.mutable_data<T>();
    parallel_for(0, rows.count, rows::rows_per_task(rows.n), [&](int64_t begin, int64_t end) {
      const int64_t count = end - begin, start = begin * rows.n;
      const auto starts = mask ? mask->starts(begin, end) : std::vector<const uint8_t*>();
      const uint8_t* const* keep = mask ? starts.data() : nullptr;
      shift_rows(from + start, y + start, count, rows.n, keep);
      rows::exp_in_place(y + start, count * rows.n);
      normalize_rows(y + start, count, rows.n, keep);
    });
  });
  return rows.restore(out, x.shape());
}

/// dx = value(dy, w, the row's sum of term(dy, w)), where w may be dx itself.
template <class T, class Term, class Value>
void backward_rows(const T* dy, const T* w, T* dx, int64_t begin, int64_t end, int64_t n,
                   const Term& term, const Value& value) {
  simd::run([dy, w, dx, begin, end, n, term, value] {
    for (int64_t row = begin; row < end; ++row) {
      const T *g = dy + row * n, *v = w + row * n;
      T* to = dx + row * n;
      const T total = T(rows::sum(n, [g, v, term](int64_t i) { return term(g[i], v[i]); }));
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) to[i] = value(g[i], v[i], total);
    }
  });
}

/// Checks the arguments and calls fn(dy, y, dx, begin, end, n) for pieces of the rows.
template <class F>
Tensor backward(const Tensor& dy, const Tensor& y, int64_t dim, const char* op, const F& fn) {
  require(dy.shape() == y.shape(), op, ": dy ", dy.shape(), " and y ", y.shape(), " must match");
  require(dy.dtype() == y.dtype(), op, ": dtypes differ: dy ", dy.dtype(), ", y ", y.dtype());
  const Rows g(dy, dim, op), w(y, dim, op);
  const Tensor out = Tensor::allocate(w.x.shape(), y.dtype());
  dispatch_floating(y.dtype(), op, [&](auto t) {
    using T = decltype(t);
    const T *from = g.x.data<T>(), *values = w.x.data<T>();
    T* dx = out.mutable_data<T>();
    parallel_for(0, w.count, rows::rows_per_task(w.n),
                 [&](int64_t begin, int64_t end) { fn(from, values, dx, begin, end, w.n); });
  });
  return w.restore(out, y.shape());
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t dim) {
  return softmax_rows(x, Rows(x, dim, "softmax"), nullptr);
}

Tensor softmax(const Tensor& x, int64_t dim, const Tensor& mask) {
  const Rows rows(x, dim, "softmax");
  const MaskRows mask_rows(mask, x, rows);
  return softmax_rows(x, rows, &mask_rows);
}

Tensor log_softmax(const Tensor& x, int64_t dim) {
  const Rows rows(x, dim, "log_softmax");
  const Tensor out = Tensor::allocate(rows.x.shape(), x.dtype());
  dispatch_floating(x.dtype(), "log_softmax", [&](auto t) {
    using T = decltype(t);
    const T* from = rows.x.data<T>();
    T* y = out.mutable_data<T>();
    const int64_t n = rows.n;
    parallel_for(0, rows.count, rows::rows_per_task(n), [&](int64_t begin, int64_t end) {
      std::vector<T> shifts(size_t(end - begin));
      std::vector<double> sums(size_t(end - begin));
      rows::exp_sums(from + begin * n, end - begin, n, shifts.data(), sums.data());
      for (size_t r = 0; r < sums.size(); ++r) sums[r] = sums[r] == 0 ? 0 : std::log(sums[r]);
      simd::run([from, y, n, begin, end, shift = shifts.data(), log_sum = sums.data()] {
        for (int64_t row = begin; row < end; ++row) {
          const T a = shift[row - begin], b = T(log_sum[row - begin]);
          const T* in = from + row * n;
          T* to = y + row * n;
#pragma GCC ivdep
          for (int64_t i = 0; i < n; ++i) to[i] = in[i] - a - b;
        }
      });
    });
  });
  return rows.restore(out, x.shape());
}

Tensor log_normalizer(const Tensor& x) {
  const Rows rows(x, -1, "log_normalizer");
  Shape shape = x.shape();
  shape[shape.size() - 1] = 1;
  const Tensor out = Tensor::allocate(shape, f64);
  dispatch_floating(x.dtype(), "log_normalizer", [&](auto t) {
    using T = decltype(t);
    const T* from = rows.x.data<T>();
    double* y = out.mutable_data<double>();
    const int64_t n = rows.n;
    parallel_for(0, rows.count, rows::rows_per_task(n), [=](int64_t begin, int64_t end) {
      std::vector<T> shifts(size_t(end - begin));
      rows::exp_sums(from + begin * n, end - begin, n, shifts.data(), y + begin);
      for (int64_t r = begin; r < end; ++r)
        y[r] = y[r] == 0 ? 0 : double(shifts[size_t(r - begin)]) + std::log(y[r]);
    });
  });
  return out;
}

Tensor softmax_backward(const Tensor& dy, const Tensor& y, int64_t dim) {
  return backward(
      dy, y, dim, "softmax_backward",
      []<class T>(const T* g, const T* w, T* dx, int64_t begin, int64_t end, int64_t n) {
        backward_rows(
            g, w, dx, begin, end, n, [](T a, T b) { return double(a) * double(b); },
            [](T a, T b, T total) { return b * (a - total); });
      });
}

Tensor log_softmax_backward(const Tensor& dy, const Tensor& y, int64_t dim) {
  return backward(
      dy, y, dim, "log_softmax_backward",
      []<class T>(const T* g, const T* w, T* dx, int64_t begin, int64_t end, int64_t n) {
        std::copy(w + begin * n, w + end * n, dx + begin * n);
        rows::exp_in_place(dx + begin * n, (end - begin) * n);
        backward_rows(
            g, dx, dx, begin, end, n, [](T a, T) { return double(a); },
            [](T a, T power, T total) { return a - power * total; });
      });
}

}  // namespace heed
