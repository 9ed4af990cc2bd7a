#include "heed/core/loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"
#include "heed/core/row_math.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

/// The checked arguments that forward and backward share.
template <class T>
struct Problem {
  Tensor logits_, targets_, weight_;  // keep contiguous copies alive
  const T* logits;
  const int64_t* targets;
  const T* weight;  // null for ones
  int64_t rows, classes, ignored;
  double hard, soft;    // 1 - label_smoothing, label_smoothing / C
  double weight_total;  // sum of all w

  Problem(const Tensor& x, const Tensor& y, const CrossEntropyOptions& options)
      : logits_(contiguous(x)), targets_(contiguous(y)) {
    logits = logits_.data<T>();
    targets = targets_.data<int64_t>();
    rows = x.size(0);
    classes = x.size(1);
    ignored = options.ignore_index;
    hard = 1 - options.label_smoothing;
    soft = classes == 0 ? 0 : options.label_smoothing / double(classes);
    weight_ = options.weight.defined() ? contiguous(options.weight) : Tensor();
    weight = weight_.defined() ? weight_.data<T>() : nullptr;
    weight_total = weight ? rows::sum(classes, [w = weight](int64_t c) { return double(w[c]); })
                          : double(classes);
    for (int64_t row = 0; row < rows; ++row)
      require(targets[row] == ignored || (targets[row] >= 0 && targets[row] < classes),
              "cross_entropy: target ", targets[row], " of row ", row, " is out of range for ",
              classes, " classes");
  }
  double weight_of(int64_t target) const { return weight ? double(weight[target]) : 1; }

  /// sum_c w_c (shift - x_c), the smoothed part of a row's loss without its log sum.
  double smooth_part(const T* x, T shift) const {
    return rows::sum(classes, [x, shift, w = weight](int64_t c) {
      return (w ? double(w[c]) : 1) * (double(shift) - double(x[c]));
    });
  }
};

void check(const Tensor& logits, const Tensor& targets, const CrossEntropyOptions& options) {
  require(logits.dim() == 2, "cross_entropy: expected logits (N, C), got ", logits.shape());
  require(targets.dtype() == i64, "cross_entropy: targets must be i64, got ", targets.dtype());
  require(targets.shape() == Shape{logits.size(0)}, "cross_entropy: expected targets (",
          logits.size(0), ",) for logits ", logits.shape(), ", got ", targets.shape());
  require(options.label_smoothing >= 0 && options.label_smoothing <= 1,
          "cross_entropy: label_smoothing must lie in [0, 1], got ", options.label_smoothing);
  if (!options.weight.defined()) return;
  require(options.weight.shape() == Shape{logits.size(1)}, "cross_entropy: expected weight (",
          logits.size(1), ",) for logits ", logits.shape(), ", got ", options.weight.shape());
  require(options.weight.dtype() == logits.dtype(), "cross_entropy: dtypes differ: logits ",
          logits.dtype(), ", weight ", options.weight.dtype());
}

template <class T>
void forward_rows(const Problem<T>& problem, int64_t begin, int64_t end, T* loss, T* weights,
                  double* lse) {
  const int64_t n = problem.classes;
  std::vector<T> shifts(size_t(end - begin));
  std::vector<double> sums(size_t(end - begin));
  rows::exp_sums(problem.logits + begin * n, end - begin, n, shifts.data(), sums.data());
  for (int64_t row = begin; row < end; ++row) {
    const T* x = problem.logits + row * n;
    const T shift = shifts[size_t(row - begin)];
    const double log_sum = std::log(sums[size_t(row - begin)]);
    const int64_t target = problem.targets[row];
    const bool ignore = target == problem.ignored;
    lse[row] = double(shift) + log_sum;
    weights[row] = ignore ? T(0) : T(problem.weight_of(target));
    double total = 0;
    if (!ignore) {
      // Both parts are taken from the shift first: near 0 a loss keeps its relative accuracy.
      total = problem.hard * problem.weight_of(target) *
              (log_sum - (double(x[target]) - double(shift)));
      if (problem.soft > 0)
        total += problem.soft * (problem.weight_total * log_sum + problem.smooth_part(x, shift));
    }
    loss[row] = T(total);
  }
}

/// dx_c = dloss ((hard w_y + soft W) p_c - hard w_y [c = y] - soft w_c)
template <class T>
void backward_rows(const Problem<T>& problem, int64_t begin, int64_t end, const T* dloss,
                   const double* lse, T* dx) {
  const int64_t n = problem.classes;
  for (int64_t row = begin; row < end; ++row)
    simd::run([x = problem.logits + row * n, y = dx + row * n, n, log_sum = lse[row]] {
      const T high = T(log_sum), low = T(log_sum - double(high));  // x - lse without losing bits
#pragma GCC ivdep
      for (int64_t c = 0; c < n; ++c) y[c] = x[c] - high - low;
    });
  rows::exp_in_place(dx + begin * n, (end - begin) * n);
  for (int64_t row = begin; row < end; ++row) {
    T* to = dx + row * n;
    const int64_t target = problem.targets[row];
    if (target == problem.ignored) {
      std::fill_n(to, n, T(0));
      continue;
    }
    const double scale = double(dloss[row]), at_target = problem.hard * problem.weight_of(target);
    simd::run([to, n, a = T(scale * (at_target + problem.soft * problem.weight_total)),
               b = T(scale * problem.soft), w = problem.weight] {
      for (int64_t c = 0; c < n; ++c) to[c] = a * to[c] - b * (w ? w[c] : T(1));
    });
    to[target] -= T(scale * at_target);
  }
}

}  // namespace

CrossEntropyResult cross_entropy_rows(const Tensor& logits, const Tensor& targets,
                                      const CrossEntropyOptions& options) {
  check(logits, targets, options);
  const Shape rows{logits.size(0)};
  CrossEntropyResult out{Tensor::allocate(rows, logits.dtype()),
                         Tensor::allocate(rows, logits.dtype()), Tensor::allocate(rows, f64)};
  dispatch_floating(logits.dtype(), "cross_entropy", [&](auto t) {
    using T = decltype(t);
    const Problem<T> problem(logits, targets, options);
    T *loss = out.loss.mutable_data<T>(), *weights = out.weights.mutable_data<T>();
    double* lse = out.lse.mutable_data<double>();
    parallel_for(
        0, problem.rows, rows::rows_per_task(problem.classes),
        [&](int64_t begin, int64_t end) { forward_rows(problem, begin, end, loss, weights, lse); });
  });
  return out;
}

Tensor cross_entropy_rows_backward(const Tensor& dloss, const Tensor& logits, const Tensor& targets,
                                   const Tensor& lse, const CrossEntropyOptions& options,
                                   bool overwrite) {
  check(logits, targets, options);
  require(dloss.shape() == targets.shape() && dloss.dtype() == logits.dtype(),
          "cross_entropy: expected dloss ", targets.shape(), " ", logits.dtype(), ", got ",
          dloss.shape(), " ", dloss.dtype());
  const Tensor out = overwrite && logits.is_contiguous()
                         ? logits
                         : Tensor::allocate(logits.shape(), logits.dtype());
  dispatch_floating(logits.dtype(), "cross_entropy", [&](auto t) {
    using T = decltype(t);
    const Problem<T> problem(logits, targets, options);
    const Tensor scales = contiguous(dloss), sums = contiguous(lse);
    const T* scale = scales.data<T>();
    const double* log_sums = sums.data<double>();
    T* dx = out.mutable_data<T>();
    parallel_for(0, problem.rows, rows::rows_per_task(problem.classes),
                 [&](int64_t begin, int64_t end) {
                   backward_rows(problem, begin, end, scale, log_sums, dx);
                 });
  });
  return out;
}

}  // namespace heed
