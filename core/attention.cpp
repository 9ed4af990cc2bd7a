#include "heed/core/attention.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/math.h"
#include "heed/core/parallel.h"
#include "heed/core/reduce.h"

namespace heed {
namespace {

constexpr int lanes = 16;

/// The sum of a block in a fixed order.
template <class T>
[[gnu::always_inline]] inline T total(const T (&block)[lanes]) {
  T sum[lanes];
  for (int j = 0; j < lanes; ++j) sum[j] = block[j];
  for (int half = lanes / 2; half > 0; half /= 2)
    for (int j = 0; j < half; ++j) sum[j] += sum[j + half];
  return sum[0];
}

/// a . b in sixteen running sums.
template <class T>
[[gnu::always_inline]] inline T dot(const T* a, const T* b, int64_t n) {
  T sum[lanes] = {};
  int64_t j = 0;
  for (; j + lanes <= n; j += lanes)
    for (int k = 0; k < lanes; ++k) sum[k] += a[j + k] * b[j + k];
  for (int k = 0; j + k < n; ++k) sum[k] += a[j + k] * b[j + k];
  return total(sum);
}

/// to += factor * from
template <class T>
[[gnu::always_inline]] inline void add_scaled(T* to, T factor, const T* from, int64_t n) {
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) to[j] += factor * from[j];
}

/// The sizes, and one row of every array, of a step.
template <class T>
struct Step {
  int64_t batch, source, width, depth;  // B, S, A, D
  const T *query, *keys, *values, *v;
  const uint8_t* mask;

  int64_t padded() const { return (width + lanes - 1) / lanes * lanes; }

  /// row = tanh(query + key_s). The row is padded, so that its end goes through the same vector
  /// code as the rest (a scalar tail would give other bits).
  [[gnu::always_inline]] void activate(int64_t b, int64_t s, T* __restrict row) const {
    const T *q = query + b * width, *k = keys + (b * source + s) * width;
    for (int64_t j = 0; j < width; ++j) row[j] = q[j] + k[j];
    for (int64_t j = width; j < padded(); ++j) row[j] = 0;
    for (int64_t j = 0; j < padded(); ++j) row[j] = math::tanh(row[j]);
  }

  /// row: room for a padded row.
  [[gnu::always_inline]] void forward(int64_t b, T* row, T* weights, T* context) const {
    T* w = weights + b * source;
    T highest = -std::numeric_limits<T>::infinity();
    for (int64_t s = 0; s < source; ++s) {
      if (mask && !mask[b * source + s]) continue;
      activate(b, s, row);
      w[s] = dot(v, row, width);
      highest = math::maximum(highest, w[s]);
    }
    if (highest == -std::numeric_limits<T>::infinity()) highest = 0;  // then all weights are 0
    T sum = 0;
    for (int64_t s = 0; s < source; ++s) {
      w[s] = mask && !mask[b * source + s] ? T(0) : math::exp(w[s] - highest);
      sum += w[s];
    }
    T* c = context + b * depth;
    std::fill_n(c, depth, T(0));
    for (int64_t s = 0; s < source; ++s) {
      if (mask && !mask[b * source + s]) continue;  // whatever its padding holds
      if (sum != 0) w[s] /= sum;
      add_scaled(c, w[s], values + (b * source + s) * depth, depth);
    }
  }
};

template <class T>
struct StepGradients {
  const T *weights, *context, *arrived;  // arrived: the gradient of the weights, or null
  T *query, *keys, *values, *v;          // v: one row for each piece

  /// scores: room for S numbers; activated: for a padded row.
  [[gnu::always_inline]] void backward(const Step<T>& step, int64_t b, T* scores, T* activated,
                                       T* dv) const {
    const int64_t source = step.source, width = step.width, depth = step.depth;
    const T *w = weights + b * source, *dc = context + b * depth;
    T mean = 0;
    for (int64_t s = 0; s < source; ++s) {
      const int64_t row = (b * source + s) * depth;
      if (w[s] == 0) {  // masked: its padding must not matter
        scores[s] = 0;
        std::fill_n(values + row, depth, T(0));
        continue;
      }
      scores[s] = dot(dc, step.values + row, depth) + (arrived ? arrived[b * source + s] : T(0));
      mean += w[s] * scores[s];
      for (int64_t j = 0; j < depth; ++j) values[row + j] = w[s] * dc[j];
    }
    std::fill_n(query + b * width, width, T(0));
    for (int64_t s = 0; s < source; ++s) {
      const T de = w[s] * (scores[s] - mean);
      key_backward(step, b, s, de, activated, dv);
    }
  }

  [[gnu::always_inline]] void key_backward(const Step<T>& step, int64_t b, int64_t s, T de,
                                           T* activated, T* __restrict dv) const {
    const int64_t width = step.width, row = (b * step.source + s) * width;
    if (de == 0) {  // masked: tanh of its padding must not matter
      std::fill_n(keys + row, width, T(0));
      return;
    }
    step.activate(b, s, activated);
    T* __restrict dk = keys + row;
    T* __restrict dq = query + b * width;
    for (int64_t j = 0; j < width; ++j) {
      const T u = activated[j], slope = de * step.v[j] * (1 - u * u);
      dk[j] = slope;
      dq[j] += slope;
      dv[j] += de * u;
    }
  }
};

void check(const Tensor& query, const Tensor& keys, const Tensor& values, const Tensor& v,
           const Tensor& mask) {
  const char* op = "additive_attention: ";
  require(query.dim() == 2 && keys.dim() == 3 && values.dim() == 3 && v.dim() == 1, op,
          "expected query (B, A), keys (B, S, A), values (B, S, D), v (A), got ", query.shape(),
          ", ", keys.shape(), ", ", values.shape(), ", ", v.shape());
  const int64_t b = query.size(0), a = query.size(1), s = keys.size(1);
  require(keys.shape() == Shape({b, s, a}), op, "keys should be ", Shape{b, s, a}, ", got ",
          keys.shape());
  require(values.size(0) == b && values.size(1) == s, op, "values should be (", b, ", ", s,
          ", D), got ", values.shape());
  require(v.size(0) == a, op, "v should be ", Shape{a}, ", got ", v.shape());
  require(query.dtype() == keys.dtype() && query.dtype() == values.dtype() &&
              query.dtype() == v.dtype(),
          op, "dtypes differ: ", query.dtype(), ", ", keys.dtype(), ", ", values.dtype(), ", ",
          v.dtype());
  if (!mask.defined()) return;
  require(mask.dtype() == u8 && mask.shape() == Shape({b, s}), op, "the mask should be u8 ",
          Shape{b, s}, ", got ", mask.dtype(), " ", mask.shape());
}

int64_t piece(int64_t source, int64_t width) {
  return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, source * width));
}

template <class T>
Step<T> make_step(const Tensor& query, const Tensor& keys, const Tensor& values, const Tensor& v,
                  const Tensor& mask) {
  return {query.size(0),    keys.size(1),    keys.size(2),
          values.size(2),   query.data<T>(), keys.data<T>(),
          values.data<T>(), v.data<T>(),     mask.defined() ? mask.data<uint8_t>() : nullptr};
}

}  // namespace

AdditiveAttention additive_attention(const Tensor& query, const Tensor& keys, const Tensor& values,
                                     const Tensor& v, const Tensor& mask) {
  check(query, keys, values, v, mask);
  const DType dtype = query.dtype();
  AdditiveAttention out{Tensor::allocate({query.size(0), values.size(2)}, dtype),
                        Tensor::allocate({query.size(0), keys.size(1)}, dtype)};
  const Tensor q = contiguous(query), k = contiguous(keys), x = contiguous(values),
               u = contiguous(v), m = mask.defined() ? contiguous(mask) : mask;
  dispatch_floating(dtype, "additive_attention", [&](auto t) {
    using T = decltype(t);
    const Step<T> step = make_step<T>(q, k, x, u, m);
    T *weights = out.weights.mutable_data<T>(), *context = out.context.mutable_data<T>();
    parallel_for(0, step.batch, piece(step.source, step.width), [&](int64_t begin, int64_t end) {
      std::vector<T> row(size_t(step.padded()));
      simd::run([&] {
        for (int64_t b = begin; b < end; ++b) step.forward(b, row.data(), weights, context);
      });
    });
  });
  return out;
}

AdditiveAttentionGradients additive_attention_backward(const Tensor& query, const Tensor& keys,
                                                       const Tensor& values, const Tensor& v,
                                                       const Tensor& weights,
                                                       const Tensor& grad_context,
                                                       const Tensor& grad_weights) {
  const DType dtype = query.dtype();
  const Tensor q = contiguous(query), k = contiguous(keys), x = contiguous(values),
               u = contiguous(v), w = contiguous(weights);
  const Shape context_shape{query.size(0), values.size(2)};
  const Tensor dc =
      grad_context.defined() ? contiguous(grad_context) : zeros(context_shape, {.dtype = dtype});
  const Tensor dw = grad_weights.defined() ? contiguous(grad_weights) : grad_weights;
  const int64_t grain = piece(keys.size(1), keys.size(2));
  const int64_t pieces = (query.size(0) + grain - 1) / grain;
  AdditiveAttentionGradients out{Tensor::allocate(q.shape(), dtype),
                                 Tensor::allocate(k.shape(), dtype),
                                 Tensor::allocate(x.shape(), dtype), Tensor()};
  const Tensor dv = zeros({pieces, v.size(0)}, {.dtype = dtype});  // (pieces, A), summed below
  dispatch_floating(dtype, "additive_attention", [&](auto t) {
    using T = decltype(t);
    const Step<T> step = make_step<T>(q, k, x, u, {});
    const StepGradients<T> gradients{w.data<T>(),
                                     dc.data<T>(),
                                     dw.defined() ? dw.data<T>() : nullptr,
                                     out.query.mutable_data<T>(),
                                     out.keys.mutable_data<T>(),
                                     out.values.mutable_data<T>(),
                                     dv.mutable_data<T>()};
    parallel_for(0, step.batch, grain, [&](int64_t begin, int64_t end) {
      std::vector<T> scores(size_t(step.source)), row(size_t(step.padded()));
      T* dv_row = gradients.v + begin / grain * step.width;
      simd::run([&] {
        for (int64_t b = begin; b < end; ++b)
          gradients.backward(step, b, scores.data(), row.data(), dv_row);
      });
    });
  });
  out.v = sum(dv, {0});
  return out;
}

}  // namespace heed
