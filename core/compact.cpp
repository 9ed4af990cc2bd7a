#include "heed/core/compact.h"

#include <algorithm>
#include <bit>

#include "heed/core/compact_few.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/gemm.h"
#include "heed/core/index.h"
#include "heed/core/parallel.h"
#include "heed/core/shape.h"
#include "heed/core/simd.h"

namespace heed {
namespace {

constexpr int64_t task_numbers = 1 << 15;   // converted by a task: about 5 us
constexpr int64_t panel_numbers = 1 << 22;  // widened at a time for many rows

int64_t size_of(CompactKind kind) { return kind == CompactKind::bf16 ? 2 : 1; }

const uint8_t* row_of(const CompactMatrix& matrix, int64_t row) {
  return matrix.numbers.data<uint8_t>() + row * matrix.numbers.size(1);
}

/// fn(row) for all of them, in parallel.
template <class F>
void for_each_row(int64_t rows, int64_t columns, const F& fn) {
  const int64_t grain = std::max<int64_t>(1, task_numbers / std::max<int64_t>(1, columns));
  parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
    simd::run([&, begin, end] {
      for (int64_t i = begin; i < end; ++i) fn(i);
    });
  });
}

[[gnu::always_inline]] inline void to_bf16(const float* from, int64_t n, uint16_t* to) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(from[i]);
    const uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    const uint32_t nan = bits >> 16 | 0x40;
    to[i] = uint16_t((bits & 0x7fffffff) > 0x7f800000 ? nan : nearest);
  }
}

/// Returns the scale.
[[gnu::always_inline]] inline float to_int8(const float* from, int64_t n, int8_t* to) {
  uint32_t most = 0;  // of |x|: bits of numbers above 0 are ordered as they are; NaN is above all
  for (int64_t i = 0; i < n; ++i)
    most = std::max(most, std::bit_cast<uint32_t>(from[i]) & 0x7fffffffU);
  const float scale = std::bit_cast<float>(most) / 127;
  const float divisor = scale > 0 ? scale : 1;
  constexpr float rounder = 0x1.8p23F;  // adding it rounds to whole numbers
  for (int64_t i = 0; i < n; ++i) {
    float x = from[i] / divisor;
    x = x > 127 ? 127 : x < -127 ? -127 : x;  // where the scale is subnormal, so rounded much
    to[i] = int8_t(std::bit_cast<int32_t>(x + rounder));
  }
  return scale;  // where it is infinite, 0 times it is NaN
}

[[gnu::always_inline]] inline void widen_row(const CompactMatrix& matrix, int64_t row, float* to) {
  if (matrix.kind == CompactKind::bf16) {
    const auto* from = reinterpret_cast<const uint16_t*>(row_of(matrix, row));
#pragma GCC ivdep
    for (int64_t i = 0; i < matrix.columns; ++i)
      to[i] = std::bit_cast<float>(uint32_t(from[i]) << 16);
  } else {
    const auto* from = reinterpret_cast<const int8_t*>(row_of(matrix, row));
    const float scale = matrix.scales.data<float>()[row];
#pragma GCC ivdep
    for (int64_t i = 0; i < matrix.columns; ++i) to[i] = float(from[i]) * scale;
  }
}

/// C (m, N) = A W^T + bias for many rows: panels of W are widened in turn.
void multiply_many(int64_t m, const float* a, const CompactMatrix& weight, const float* bias,
                   float* c) {
  const int64_t n = weight.rows, k = weight.columns;
  const int64_t most = std::min(n, std::max<int64_t>(16, panel_numbers / std::max<int64_t>(1, k)));
  const Tensor panel = Tensor::allocate({most, k}, f32);
  float* wide = panel.mutable_data<float>();
  for (int64_t j = 0; j < n; j += most) {
    const int64_t columns = std::min(most, n - j);
    for_each_row(columns, k, [=, &weight](int64_t i) { widen_row(weight, j + i, wide + i * k); });
    const MatrixView<float> left{a, std::max<int64_t>(1, k)}, right{wide, left.leading, true};
    if (bias)
      gemm_bias(m, columns, k, left, right, bias + j, c + j, n);
    else
      gemm<float>(m, columns, k, left, right, c + j, n);
  }
}

}  // namespace

const char* compact_name(CompactKind kind) { return kind == CompactKind::bf16 ? "bf16" : "int8"; }

int64_t CompactMatrix::bytes() const {
  return numbers.numel() + (scales.defined() ? 4 * scales.numel() : 0);
}

CompactMatrix compact(const Tensor& matrix, CompactKind kind) {
  require(matrix.dim() == 2 && matrix.dtype() == f32, "compact: expected a matrix of f32, got ",
          matrix.shape(), " of ", matrix.dtype());
  const int64_t rows = matrix.size(0), columns = matrix.size(1);
  const Tensor given = contiguous(matrix);
  const int64_t bytes = detail::compact_stride(columns) * size_of(kind);
  CompactMatrix result{kind, rows, columns, zeros({rows, bytes}, {.dtype = u8}), {}};
  const float* from = given.data<float>();
  uint8_t* to = result.numbers.mutable_data<uint8_t>();
  if (kind == CompactKind::bf16) {
    for_each_row(rows, columns, [=](int64_t i) {
      to_bf16(from + i * columns, columns, reinterpret_cast<uint16_t*>(to + i * bytes));
    });
    return result;
  }
  result.scales = Tensor::allocate({rows}, f32);
  float* scales = result.scales.mutable_data<float>();
  for_each_row(rows, columns, [=](int64_t i) {
    scales[i] = to_int8(from + i * columns, columns, reinterpret_cast<int8_t*>(to + i * bytes));
  });
  return result;
}

Tensor widen(const CompactMatrix& matrix) {
  Tensor out = Tensor::allocate({matrix.rows, matrix.columns}, f32);
  float* to = out.mutable_data<float>();
  for_each_row(matrix.rows, matrix.columns,
               [=, &matrix](int64_t i) { widen_row(matrix, i, to + i * matrix.columns); });
  return out;
}

Tensor linear(const Tensor& x, const CompactMatrix& weight, const Tensor& bias) {
  const int64_t n = weight.rows, k = weight.columns;
  require(x.dim() > 0 && x.size(-1) == k && x.dtype() == f32, "linear: expected x (..., ", k,
          ") of f32 for a weight of ", compact_name(weight.kind), ", got ", x.shape(), " of ",
          x.dtype());
  require(!bias.defined() || (bias.shape() == Shape{n} && bias.dtype() == f32),
          "linear: expected a bias (", n, ",) of f32");
  Shape shape = x.shape();
  shape[shape.size() - 1] = n;
  Tensor out = Tensor::allocate(shape, f32);
  const Tensor rows = contiguous(x), added = bias.defined() ? contiguous(bias) : Tensor();
  const int64_t m = n > 0 ? out.numel() / n : 0;
  if (m == 0) return out;
  const bool few = m <= detail::most_compact_few_rows();
  (few ? detail::multiply_compact_few : multiply_many)(
      m, rows.data<float>(), weight, bias.defined() ? added.data<float>() : nullptr,
      out.mutable_data<float>());
  return out;
}

Tensor embedding(const CompactMatrix& weight, const Tensor& ids) {
  detail::check_indices(ids, weight.rows, "embedding");
  const Tensor places = contiguous(ids);
  Shape shape = ids.shape();
  shape.push_back(weight.columns);
  Tensor out = Tensor::allocate(shape, f32);
  const int64_t* place = places.data<int64_t>();
  float* to = out.mutable_data<float>();
  for_each_row(places.numel(), weight.columns,
               [=, &weight](int64_t i) { widen_row(weight, place[i], to + i * weight.columns); });
  return out;
}

}  // namespace heed
