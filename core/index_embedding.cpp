#include <algorithm>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/index.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

/// The positions of each id in order: those of id v are order[start[v]] to order[start[v + 1]].
/// A counting sort, so the order of equal ids is the order of their positions.
struct Occurrences {
  std::vector<int64_t> start, order;

  Occurrences(const int64_t* ids, int64_t n, int64_t rows)
      : start(size_t(rows + 1)), order(size_t(n)) {
    for (int64_t i = 0; i < n; ++i) ++start[size_t(ids[i])];
    int64_t sum = 0;
    for (int64_t& s : start) s = sum += s;  // the end of each id's part
    for (int64_t i = n - 1; i >= 0; --i) order[size_t(--start[size_t(ids[i])])] = i;
  }
};

/// Row v of out = the sum of the rows of grad where v occurs: each row is written by one task.
template <class T>
void sum_rows(T* out, const T* grad, int64_t rows, int64_t width, const Occurrences& at,
              int64_t padding_idx) {
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width));
  const int64_t *start = at.start.data(), *order = at.order.data();
  parallel_for(0, rows, grain, [=](int64_t begin, int64_t end) {
    simd::run([=] {
      for (int64_t v = begin; v < end; ++v) {
        T* sum = out + v * width;
        std::fill(sum, sum + width, T(0));
        if (v == padding_idx) continue;
        for (int64_t k = start[v]; k < start[v + 1]; ++k) {
          const T* row = grad + order[k] * width;
#pragma GCC ivdep
          for (int64_t i = 0; i < width; ++i) sum[i] += row[i];
        }
      }
    });
  });
}

}  // namespace

Tensor embedding_backward(const Tensor& grad, const Tensor& ids, int64_t rows,
                          int64_t padding_idx) {
  Shape expected = ids.shape();
  expected.push_back(grad.dim() > 0 ? grad.shape().back() : 0);
  require(grad.shape() == expected, "embedding_backward: grad of shape ", grad.shape(),
          " does not belong to ids of shape ", ids.shape());
  require(rows >= 0 && padding_idx >= -1 && padding_idx < rows,
          "embedding_backward: expected a padding_idx in 0 to ", rows - 1, " or -1, got ",
          padding_idx);
  detail::check_indices(ids, rows, "embedding_backward");
  const int64_t width = expected.back();
  const Tensor from = contiguous(grad), index = contiguous(ids);
  Tensor out = Tensor::allocate({rows, width}, grad.dtype());
  const Occurrences at(index.data<int64_t>(), index.numel(), rows);
  dispatch_floating(grad.dtype(), "embedding_backward", [&](auto t) {
    using T = decltype(t);
    sum_rows(out.mutable_data<T>(), from.data<T>(), rows, width, at, padding_idx);
  });
  return out;
}

}  // namespace heed
