#include "heed/core/sort.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/row_math.h"
#include "heed/core/shape.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

template <class T>
struct Item {
  T value;
  int64_t index;
};

/// a < b, with NaN above everything.
template <class T>
bool less(T a, T b) {
  return a < b || (b != b && a == a);
}

/// Does a come before b? Equal values go by index, so that every order is a stable one.
template <bool descending, class T>
bool before(const Item<T>& a, const Item<T>& b) {
  const T low = descending ? b.value : a.value, high = descending ? a.value : b.value;
  if (less(low, high)) return true;
  if (less(high, low)) return false;
  return a.index < b.index;
}

/// Calls fn(i) for every i of which x_i may be among the k largest of n > 64 k numbers: where the
/// k-th largest of the maxima of all blocks is not larger. These are few.
template <class T, class F>
void for_each_large(const T* x, int64_t n, int64_t k, const F& fn) {
  constexpr int64_t block = 64;
  std::vector<T> maxima(size_t((n + block - 1) / block));
  simd::run([=, to = maxima.data()] {
    for (int64_t i = 0; i < n; i += block) to[i / block] = rows::max(x + i, std::min(block, n - i));
  });
  std::vector<T> sorted = maxima;
  const auto bound = sorted.begin() + k - 1;
  std::nth_element(sorted.begin(), bound, sorted.end(), [](T a, T b) { return less(b, a); });
  for (int64_t i = 0; i < n; i += block) {
    if (less(maxima[size_t(i / block)], *bound)) continue;
    for (int64_t j = i; j < std::min(n, i + block); ++j)
      if (!less(x[j], *bound)) fn(j);
  }
}

/// items = the first k of n numbers, in order, and perhaps more.
template <bool descending, class T>
void order_row(const T* x, int64_t n, int64_t k, std::vector<Item<T>>& items) {
  items.clear();
  const auto take = [&](int64_t i) { items.push_back({x[i], i}); };
  if constexpr (descending && std::is_floating_point_v<T>) {
    if (k > 0 && n > 64 * k) for_each_large(x, n, k, take);
  }
  if (items.empty())
    for (int64_t i = 0; i < n; ++i) take(i);
  if (k == n)
    std::sort(items.begin(), items.end(), before<descending, T>);
  else
    std::partial_sort(items.begin(), items.begin() + k, items.end(), before<descending, T>);
}

/// The first k in order of each row of n.
template <class T>
void order_rows(T* values, int64_t* indices, const T* x, int64_t rows, int64_t n, int64_t k,
                bool descending) {
  const int64_t grain = std::max<int64_t>(1, 2048 / std::max<int64_t>(1, n));
  parallel_for(0, rows, grain, [=](int64_t begin, int64_t end) {
    std::vector<Item<T>> items;
    for (int64_t row = begin; row < end; ++row) {
      const T* from = x + row * n;
      descending ? order_row<true>(from, n, k, items) : order_row<false>(from, n, k, items);
      for (int64_t i = 0; i < k; ++i) {
        values[row * k + i] = items[size_t(i)].value;
        indices[row * k + i] = items[size_t(i)].index;
      }
    }
  });
}

SortResult order(const Tensor& x, int d, int64_t k, bool descending) {
  const Tensor rows = contiguous(transpose(x, d, -1));  // (..., N)
  Shape shape = rows.shape();
  const int64_t n = shape.back();
  shape[shape.size() - 1] = k;
  SortResult out{Tensor::allocate(shape, x.dtype()), Tensor::allocate(shape, i64)};
  dispatch_all(x.dtype(), [&](auto t) {
    using T = decltype(t);
    if (x.numel() > 0)
      order_rows(out.values.mutable_data<T>(), out.indices.mutable_data<int64_t>(), rows.data<T>(),
                 x.numel() / n, n, k, descending);
  });
  return {contiguous(transpose(out.values, d, -1)), contiguous(transpose(out.indices, d, -1))};
}

SortResult select_first(const Tensor& x, int64_t k, int64_t dim, bool descending, const char* op) {
  if (x.dim() == 0) {  // one element, as PyTorch takes it
    const SortResult out = select_first(reshape(x, {1}), k, dim, descending, op);
    return k == 1 ? SortResult{reshape(out.values, {}), reshape(out.indices, {})} : out;
  }
  const int d = normalize_dim(dim, x.shape(), op);
  require(k >= 0 && k <= x.shape()[d], op, ": k = ", k, " is out of range for dimension ", dim,
          " of shape ", x.shape());
  return order(x, d, k, descending);
}

}  // namespace

SortResult sort(const Tensor& x, int64_t dim, bool descending) {
  const int64_t k = x.dim() == 0 ? 1 : x.shape()[normalize_dim(dim, x.shape(), "sort")];
  return select_first(x, k, dim, descending, "sort");
}

Tensor argsort(const Tensor& x, int64_t dim, bool descending) {
  return sort(x, dim, descending).indices;
}

SortResult topk(const Tensor& x, int64_t k, int64_t dim, bool largest) {
  return select_first(x, k, dim, largest, "topk");
}

}  // namespace heed
