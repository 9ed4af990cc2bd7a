#include "heed/core/attention_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/core/convert.h"
#include "heed/core/random_fill.h"
#include "heed/core/shape.h"
#include "heed/core/simd.h"

namespace heed::detail {
namespace {

/// Does x broadcast to `shape` without enlarging it?
bool fits(const Shape& x, const Shape& shape) {
  if (x.size() > shape.size()) return false;
  for (int i = 1; i <= x.size(); ++i)
    if (x[x.size() - i] != 1 && x[x.size() - i] != shape[shape.size() - i]) return false;
  return true;
}

void check_shapes(const char* op, const Shape& q, const Shape& k, const Shape& v) {
  require(q.size() == 4 && k.size() == 4 && v.size() == 4, op,
          ": expected query (B, H, T, D), key (B, K, S, D) and value (B, K, S, E), or all three "
          "without heads, got ",
          q, ", ", k, " and ", v);
  require(k[0] == q[0] && k[3] == q[3], op, ": key should be (", q[0], ", K, S, ", q[3], "), got ",
          k);
  require(v[0] == k[0] && v[1] == k[1] && v[2] == k[2], op, ": value should be (", k[0], ", ", k[1],
          ", ", k[2], ", E), got ", v);
  require(k[1] > 0 && q[1] % k[1] == 0, op, ": the query's heads should be a multiple of the key's",
          ", got ", q[1], " and ", k[1]);
}

/// all of one row: one byte after the other, or one for all.
bool any_zero(const uint8_t* mask, int64_t step, int64_t n) {
  int zeros = 0;
  for (int64_t j = 0; j < n; ++j) zeros |= mask[j * step] == 0;
  return zeros != 0;
}
bool any_one(const uint8_t* mask, int64_t step, int64_t n) {
  int ones = 0;
  for (int64_t j = 0; j < n; ++j) ones |= mask[j * step] != 0;
  return ones != 0;
}

}  // namespace

Tensor dense_rows(const Tensor& x) {
  return x.shape().back() <= 1 || x.strides().back() == 1 ? x : contiguous(x);
}

void check_scaled_dot_product(const char* op, const Tensor& query, const Tensor& key,
                              const Tensor& value, const ScaledDotProductSettings& settings) {
  require(query.defined() && key.defined() && value.defined(), op, ": the ",
          !query.defined() ? "query" : (!key.defined() ? "key" : "value"),
          " is empty (it was never assigned)");
  check_shapes(op, query.shape(), key.shape(), value.shape());
  require(is_floating(query.dtype()), op, ": expected a floating dtype (f32 or f64), got ",
          query.dtype());
  require(key.dtype() == query.dtype() && value.dtype() == query.dtype(), op,
          ": dtypes differ: ", query.dtype(), ", ", key.dtype(), ", ", value.dtype());
  const Shape scores{query.size(0), query.size(1), query.size(2), key.size(2)};
  if (const Tensor& mask = settings.mask; mask.defined()) {
    require(mask.dtype() == u8, op, ": the mask should be u8 (1: may be attended), got ",
            mask.dtype());
    require(fits(mask.shape(), scores), op, ": the mask ", mask.shape(),
            " does not broadcast to (B, H, T, S) = ", scores);
  }
  if (const Tensor& bias = settings.bias; bias.defined()) {
    require(bias.dtype() == query.dtype(), op, ": the bias should have the query's dtype, ",
            query.dtype(), ", got ", bias.dtype(),
            bias.dtype() == u8 ? " (truth values are a mask)" : "");
    require(fits(bias.shape(), scores), op, ": the bias ", bias.shape(),
            " does not broadcast to (B, H, T, S) = ", scores);
  }
  require(settings.past >= 0, op, ": past should be at least 0, got ", settings.past);
  require(settings.dropout_p >= 0 && settings.dropout_p <= 1, op,
          ": dropout_p must lie in [0, 1], got ", settings.dropout_p);
}

template <class T>
AttentionProblem<T>::AttentionProblem(const Tensor& q, const Tensor& k, const Tensor& v,
                                      const ScaledDotProductSettings& settings)
    : B(q.size(0)),
      H(q.size(1)),
      K(k.size(1)),
      Q(q.size(2)),
      S(k.size(2)),
      D(q.size(3)),
      E(v.size(3)),
      shared(H / K),
      query_(dense_rows(q)),
      key_(dense_rows(k)),
      value_(dense_rows(v)),
      causal_(settings.is_causal),
      drops_(settings.dropout_p > 0),
      past_(std::min(settings.past, S)),  // more says nothing new, and past + t stays a number
      keep_(1 - settings.dropout_p),
      seed_(settings.seed),
      offset_(settings.offset) {
  query = {query_.data<T>(), query_.strides()};
  key = {key_.data<T>(), key_.strides()};
  value = {value_.data<T>(), value_.strides()};
  scale = T(settings.scale.value_or(D > 0 ? 1 / std::sqrt(double(D)) : 1));
  const Shape scores{B, H, Q, S};
  if (settings.mask.defined()) mask_ = expand(settings.mask, scores);
  if (settings.bias.defined()) bias_ = expand(settings.bias, scores);
}

template <class T>
TileMask AttentionProblem<T>::added(int64_t b, int64_t h, int64_t t, int64_t rows, int64_t s,
                                    int64_t n, T* out, int64_t leading) const {
  const auto start = [&](const auto* data, const Strides& by) {
    return data + b * by[0] + h * by[1] + t * by[2] + s * by[3];
  };
  const uint8_t* mask = mask_.defined() ? start(mask_.data<uint8_t>(), mask_.strides()) : nullptr;
  const T* bias = bias_.defined() ? start(bias_.data<T>(), bias_.strides()) : nullptr;
  const int64_t mask_row = mask ? mask_.strides()[2] : 0, mask_step = mask ? mask_.strides()[3] : 0;
  const int64_t bias_row = bias ? bias_.strides()[2] : 0, bias_step = bias ? bias_.strides()[3] : 0;
  bool zeros = false, ones = !mask;
  for (int64_t r = 0; mask && r < (mask_row == 0 ? 1 : rows); ++r) {
    zeros = zeros || any_zero(mask + r * mask_row, mask_step, n);
    ones = ones || any_one(mask + r * mask_row, mask_step, n);
  }
  if (!ones) return TileMask::closed;
  if (!zeros && !bias) return TileMask::open;
  simd::run([=] {
    for (int64_t r = 0; r < rows; ++r) {
      T* __restrict to = out + r * leading;
      const T* from = bias + r * bias_row;
      if (!bias)
        std::fill_n(to, n, T(0));
      else if (bias_step == 1)
        for (int64_t j = 0; j < n; ++j) to[j] = from[j];
      else
        for (int64_t j = 0; j < n; ++j) to[j] = from[j * bias_step];
      if (!zeros) continue;
      const uint8_t* keep = mask + r * mask_row;
      constexpr T closed = -std::numeric_limits<T>::infinity();
      if (mask_step == 1)
        for (int64_t j = 0; j < n; ++j) to[j] = keep[j] ? to[j] : closed;
      else
        for (int64_t j = 0; j < n; ++j) to[j] = keep[j * mask_step] ? to[j] : closed;
    }
  });
  return TileMask::changed;
}

template <class T>
void AttentionProblem<T>::dropout(int64_t b, int64_t h, int64_t t, int64_t rows, int64_t s,
                                  int64_t n, T* out, int64_t leading) const {
  const T kept = keep_ > 0 ? T(1 / keep_) : T(0);
  bernoulli_rows({.first = ((b * H + h) * Q + t) * S + s, .count = rows, .stride = S, .length = n},
                 out, leading, keep_, kept, seed_, offset_);
}

template class AttentionProblem<float>;
template class AttentionProblem<double>;

}  // namespace heed::detail
