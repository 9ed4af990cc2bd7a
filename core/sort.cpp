#include "heed/core/sort.h"

#include <algorithm>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"

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

/// items = the first of the n numbers x, in order; as many as there is room for.
template <bool descending, class T>
void order_row(const T* x, int64_t n, std::vector<Item<T>>& items) {
  const int64_t k = int64_t(items.size());
  for (int64_t i = 0; i < k; ++i) items[size_t(i)] = {x[i], i};
  if (k == n) return std::sort(items.begin(), items.end(), before<descending, T>);
  if (k == 0) return;
  std::make_heap(items.begin(), items.end(), before<descending, T>);  // its front is the last
  for (int64_t i = k; i < n; ++i) {
    const T last = items.front().value;
    if (descending ? x[i] <= last : x[i] >= last) continue;  // nearly all; never with NaN
    if (!before<descending>(Item<T>{x[i], i}, items.front())) continue;
    std::pop_heap(items.begin(), items.end(), before<descending, T>);
    items.back() = {x[i], i};
    std::push_heap(items.begin(), items.end(), before<descending, T>);
  }
  std::sort_heap(items.begin(), items.end(), before<descending, T>);
}

/// The first k in order of each row of n.
template <class T>
void order_rows(T* values, int64_t* indices, const T* x, int64_t rows, int64_t n, int64_t k,
                bool descending) {
  const int64_t grain = std::max<int64_t>(1, 2048 / std::max<int64_t>(1, n));
  parallel_for(0, rows, grain, [=](int64_t begin, int64_t end) {
    std::vector<Item<T>> items(static_cast<size_t>(k));
    for (int64_t row = begin; row < end; ++row) {
      const T* from = x + row * n;
      descending ? order_row<true>(from, n, items) : order_row<false>(from, n, items);
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
