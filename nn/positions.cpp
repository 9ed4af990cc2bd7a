#include "heed/nn/positions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/core/shape.h"

namespace heed::nn {
namespace {

/// The positions first, first + 1, ... as a column (steps, 1), f64.
Tensor positions(int64_t first, int64_t steps) {
  return unsqueeze(arange(first, first + steps, 1, {.dtype = f64}), 1);
}

void check(const char* name, const RelativePositionOptions& options) {
  const int64_t least = options.bidirectional ? 4 : 2;
  require(options.num_buckets >= least && options.max_distance > options.num_buckets / least, name,
          ": expected at least ", least,
          " buckets, and a max_distance beyond those of one distance each, got ",
          options.num_buckets, " and ", options.max_distance);
}

/// base^(-2 i / size) for i = 0 ... count - 1: (count), f64.
Tensor frequencies(int64_t count, int64_t size, double base) {
  return exp(arange(0, count, 1, {.dtype = f64}) * (-2 * std::log(base) / double(size)));
}

}  // namespace

Tensor sinusoidal_positions(int64_t steps, int64_t size, int64_t first, TensorOptions options) {
  require(steps >= 0 && size >= 1 && first >= 0,
          "sinusoidal_positions: expected steps and first of at least 0 and a size of at least 1, "
          "got ",
          steps, ", ", first, " and ", size);
  const int64_t pairs = (size + 1) / 2;
  const Tensor angles = positions(first, steps) * frequencies(pairs, size, 10000);
  const Tensor table = stack({sin(angles), cos(angles)}, 2);                   // (steps, pairs, 2)
  const Tensor rows = narrow(reshape(table, {steps, 2 * pairs}), 1, 0, size);  // (steps, size)
  return to(contiguous(rows), options.dtype);
}

Variable rotary(const Variable& x, int64_t past, double base) {
  require(x.dim() >= 2 && x.size(-1) % 2 == 0 && is_floating(x.dtype()),
          "rotary: expected x (..., T, D) with an even D, of f32 or f64, got ", x.shape(), " of ",
          x.dtype());
  require(past >= 0, "rotary: expected a past of at least 0, got ", past);
  const int64_t half = x.size(-1) / 2;
  const Tensor angles =
      positions(past, x.size(-2)) * frequencies(half, 2 * half, base);  // (T, D/2)
  const Tensor c = to(cos(angles), x.dtype()), s = to(sin(angles), x.dtype());
  const auto parts = chunk(x, 2, -1);  // (..., T, D/2) each
  return cat({parts[0] * c - parts[1] * s, parts[1] * c + parts[0] * s}, -1);
}

Tensor alibi_slopes(int64_t heads, TensorOptions options) {
  require(heads >= 1, "alibi_slopes: expected at least 1 head, got ", heads);
  int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<double> slopes;
  for (int64_t h = 1; h <= power; ++h)
    slopes.push_back(std::exp2(-8.0 * double(h) / double(power)));
  for (int64_t h = 1; int64_t(slopes.size()) < heads; h += 2)
    slopes.push_back(std::exp2(-4.0 * double(h) / double(power)));
  return to(from_values(slopes, {heads}), options.dtype);
}

Tensor alibi_bias(int64_t heads, int64_t queries, int64_t past, TensorOptions options) {
  require(past >= 0, "alibi_bias: expected a past of at least 0, got ", past);
  const Tensor keys = arange(0, past + queries, 1, {.dtype = f64});
  const Tensor distance = keys - positions(past, queries);  // (T, S)
  const Tensor slopes = alibi_slopes(heads, {.dtype = f64});
  return to(reshape(slopes, {1, heads, 1, 1}) * distance, options.dtype);
}

Tensor relative_position_buckets(const RelativePositionOptions& options, int64_t queries,
                                 int64_t keys, int64_t past) {
  check("relative_position_buckets", options);
  require(queries >= 0 && keys >= 0 && past >= 0 &&
              past <= std::numeric_limits<int64_t>::max() - queries,
          "relative_position_buckets: expected sizes of at least 0, got ", queries, " queries, ",
          keys, " keys and a past of ", past);
  const int64_t buckets = options.bidirectional ? options.num_buckets / 2 : options.num_buckets;
  const int64_t exact = buckets / 2;  // distances with a bucket of their own
  const double spread = std::log(double(options.max_distance) / double(exact));
  std::vector<int64_t> table;
  table.reserve(size_t(numel(Shape{queries, keys})));
  for (int64_t i = past; i < past + queries; ++i) {
    for (int64_t j = 0; j < keys; ++j) {
      const int64_t before = options.bidirectional ? std::abs(j - i) : std::max<int64_t>(i - j, 0);
      int64_t bucket = before;
      if (before >= exact)
        bucket = std::min(buckets - 1, exact + int64_t(std::log(double(before) / double(exact)) /
                                                       spread * double(buckets - exact)));
      table.push_back(bucket + (options.bidirectional && j > i ? buckets : 0));
    }
  }
  return from_values(table, {queries, keys});
}

RelativePositionBias::RelativePositionBias(RelativePositionOptions given)
    : options(given), table({options.num_buckets, options.num_heads}) {
  check("RelativePositionBias", options);
}

Variable RelativePositionBias::operator()(int64_t queries, int64_t keys, int64_t past) const {
  const Variable bias =
      table(relative_position_buckets(options, queries, keys, past));  // (T, S, H)
  return unsqueeze(permute(bias, {2, 0, 1}), 0);
}

}  // namespace heed::nn
