#include "heed/core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/map.h"
#include "heed/core/parallel.h"
#include "heed/core/random_fill.h"

namespace heed {
namespace {

Generator& generator_of(Generator* given) { return given ? *given : default_generator(); }

/// fill(data, n, seed, offset) into all of a tensor of a floating dtype.
template <class Fill>
void draw_into(const char* op, const Tensor& out, Generator* given, const Fill& fill) {
  if (!out.is_contiguous()) {
    const Tensor whole = Tensor::allocate(out.shape(), out.dtype());
    draw_into(op, whole, given, fill);
    return out.copy_(whole);
  }
  dispatch_floating(out.dtype(), op, [&](auto t) {
    using T = decltype(t);
    Generator& generator = generator_of(given);
    if (generator.draws()) {
      fill(out.mutable_data<T>(), out.numel(), generator.seed(), generator.take());
    } else {
      std::fill_n(out.mutable_data<T>(), out.numel(), T(0));
    }
  });
}

/// The same as a new tensor.
template <class Fill>
Tensor drawn(const char* op, const Shape& shape, RandomOptions options, const Fill& fill) {
  const Tensor out = Tensor::allocate(shape, options.dtype);
  draw_into(op, out, options.generator, fill);
  return out;
}

auto uniform_numbers(double low, double high) {
  return [=]<class T>(T* out, int64_t n, uint64_t seed, uint64_t offset) {
    detail::uniform_fill(out, n, T(low), T(high - low), seed, offset);
  };
}

auto normal_numbers(double mean, double std) {
  return [=]<class T>(T* out, int64_t n, uint64_t seed, uint64_t offset) {
    detail::normal_fill(out, n, T(mean), T(std), seed, offset);
  };
}

void check_bounds(const char* op, double low, double high, DType dtype) {
  const double width = dtype == f32 ? double(float(high - low)) : high - low;
  require(low <= high && std::isfinite(width), op,
          ": expected finite bounds with low <= high, got ", low, " and ", high);
}

void check_deviation(const char* op, double std) {
  require(std >= 0, op, ": std must not be negative, got ", std);
}

bool is_probability(double p) { return p >= 0 && p <= 1; }  // false for NaN

/// bits / 2^64 of the way to bound.
uint64_t scaled(uint64_t bits, uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return uint64_t(Wide(bits) * bound >> 64);
}

/// Throws unless the weights of a row can be drawn from n times.
void check_weights(const double* weights, int64_t count, int64_t n, bool replacement) {
  int64_t positive = 0;
  for (int64_t k = 0; k < count; ++k) {
    require(weights[k] >= 0 && std::isfinite(weights[k]),
            "multinomial: weights must be finite and not negative, got ", weights[k]);
    positive += weights[k] > 0;
  }
  require(positive > 0 || n == 0, "multinomial: the weights of a row are all zero");
  require(replacement || n <= positive, "multinomial: cannot draw ", n,
          " without replacement from ", positive, " weights above zero");
}

void draw_with_replacement(int64_t* out, int64_t n, const double* weights, int64_t count,
                           const double* uniform) {
  std::vector<double> sums(static_cast<size_t>(count));
  std::partial_sum(weights, weights + count, sums.begin());
  // The last weight above zero ends the search, also where rounding gives uniform * total = total.
  const auto end = std::lower_bound(sums.begin(), sums.end(), sums.back());
  for (int64_t i = 0; i < n; ++i)
    out[i] = std::upper_bound(sums.begin(), end, uniform[i] * sums.back()) - sums.begin();
}

// The n smallest of e / weight with e exponential: the order in which independent processes of
// these rates ring first, which is drawing without replacement (Efraimidis and Spirakis 2006).
void draw_without_replacement(int64_t* out, int64_t n, const double* weights, int64_t count,
                              const double* uniform) {
  std::vector<std::pair<double, int64_t>> rings;
  for (int64_t k = 0; k < count; ++k)
    if (weights[k] > 0) rings.emplace_back(-std::log1p(-uniform[k]) / weights[k], k);
  std::partial_sort(rings.begin(), rings.begin() + n, rings.end());
  for (int64_t i = 0; i < n; ++i) out[i] = rings[size_t(i)].second;
}

}  // namespace

Tensor rand(const Shape& shape, RandomOptions options) {
  return drawn("rand", shape, options, uniform_numbers(0, 1));
}

Tensor uniform(const Shape& shape, Scalar low, Scalar high, RandomOptions options) {
  check_bounds("uniform", low.value(), high.value(), options.dtype);
  return drawn("uniform", shape, options, uniform_numbers(low.value(), high.value()));
}

void uniform_(const Tensor& x, Scalar low, Scalar high, Generator* generator) {
  check_bounds("uniform_", low.value(), high.value(), x.dtype());
  draw_into("uniform_", x, generator, uniform_numbers(low.value(), high.value()));
}

Tensor randn(const Shape& shape, RandomOptions options) {
  return drawn("randn", shape, options, normal_numbers(0, 1));
}

Tensor normal(const Shape& shape, Scalar mean, Scalar std, RandomOptions options) {
  check_deviation("normal", std.value());
  return drawn("normal", shape, options, normal_numbers(mean.value(), std.value()));
}

void normal_(const Tensor& x, Scalar mean, Scalar std, Generator* generator) {
  check_deviation("normal_", std.value());
  draw_into("normal_", x, generator, normal_numbers(mean.value(), std.value()));
}

Tensor bernoulli(const Shape& shape, Scalar p, RandomOptions options) {
  require(is_probability(p.value()), "bernoulli: p must lie in [0, 1], got ", p.value());
  const RandomOptions numbers{is_floating(options.dtype) ? options.dtype : f32, options.generator};
  const auto fill = [&]<class T>(T* out, int64_t n, uint64_t seed, uint64_t offset) {
    detail::bernoulli_fill(out, n, p.value(), T(1), seed, offset);
  };
  return to(drawn("bernoulli", shape, numbers, fill), options.dtype);
}

Tensor bernoulli(const Tensor& p, Generator* generator) {
  return dispatch_floating(p.dtype(), "bernoulli", [&](auto t) {
    using T = decltype(t);
    const Tensor rows = contiguous(p);
    const T* first = rows.data<T>();
    const T* bad =
        std::find_if_not(first, first + rows.numel(), [](T x) { return is_probability(x); });
    if (bad != first + rows.numel()) fail("bernoulli: p must lie in [0, 1], got ", double(*bad));
    return detail::map<T, T, T>(
        "bernoulli", [](T u, T limit) { return T(u < limit); },
        rand(p.shape(), {p.dtype(), generator}), rows);
  });
}

Tensor randint(int64_t low, int64_t high, const Shape& shape, Generator* generator) {
  require(low < high, "randint: expected low < high, got ", low, " and ", high);
  Tensor out = Tensor::allocate(shape, i64);
  Generator& g = generator_of(generator);
  const uint64_t seed = g.seed(), offset = g.take(), bound = uint64_t(high) - uint64_t(low);
  int64_t* values = out.mutable_data<int64_t>();
  detail::bits_fill(reinterpret_cast<uint64_t*>(values), out.numel(), seed, offset);
  parallel_for(0, out.numel(), 16384, [=](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; ++i)
      values[i] = int64_t(uint64_t(low) + scaled(uint64_t(values[i]), bound));
  });
  return out;
}

Tensor randperm(int64_t n, Generator* generator) {
  require(n >= 0, "randperm: n must not be negative, got ", n);
  Tensor out = Tensor::allocate({n}, i64);
  Generator& g = generator_of(generator);
  const uint64_t seed = g.seed(), offset = g.take();
  std::vector<uint64_t> bits(static_cast<size_t>(n));
  detail::bits_fill(bits.data(), n, seed, offset);
  int64_t* values = out.mutable_data<int64_t>();
  std::iota(values, values + n, int64_t(0));
  for (int64_t i = n - 1; i > 0; --i)  // Fisher and Yates
    std::swap(values[i], values[scaled(bits[size_t(i)], uint64_t(i + 1))]);
  return out;
}

Tensor multinomial(const Tensor& weights, int64_t n, bool replacement, Generator* generator) {
  require(is_floating(weights.dtype()), "multinomial: expected weights of a floating dtype, got ",
          weights.dtype());
  require(weights.dim() >= 1, "multinomial: expected weights (..., K), got shape ()");
  require(n >= 0, "multinomial: the number of draws must not be negative, got ", n);
  const Tensor rows = to(contiguous(weights), f64);
  const int64_t count = weights.shape().back();
  Shape shape = weights.shape();
  shape[shape.size() - 1] = n;
  Tensor out = Tensor::allocate(shape, i64);  // (..., n)
  if (out.numel() == 0) return out;
  const int64_t lines = out.numel() / n, draws = replacement ? n : count;
  for (int64_t i = 0; i < lines; ++i)
    check_weights(rows.data<double>() + i * count, count, n, replacement);
  const Tensor random = rand({lines, draws}, {f64, generator});
  const double *weight = rows.data<double>(), *uniform = random.data<double>();
  int64_t* index = out.mutable_data<int64_t>();
  const auto draw = replacement ? draw_with_replacement : draw_without_replacement;
  parallel_for(0, lines, std::max<int64_t>(1, 1024 / std::max(count, n)),
               [=](int64_t b, int64_t e) {
                 for (int64_t i = b; i < e; ++i)
                   draw(index + i * n, n, weight + i * count, count, uniform + i * draws);
               });
  return out;
}

}  // namespace heed
