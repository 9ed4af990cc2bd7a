// Few queries, as in decoding with a cache: keys and values are read once, as they lie.
#include <cmath>
#include <limits>

#include "heed/core/attention_problem.h"
#include "heed/core/lanes.h"
#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/row_math.h"
#include "heed/core/simd.h"
#include "heed/core/tile_product.h"

namespace heed::detail {
namespace {

constexpr double task_reads = 65536;  // elements of keys and values

/// sums (keys, unit): q . k_j in as many partial sums, for a q of `whole` elements (whole units),
/// zero from the depth of the keys on.
template <class T>
void partial_dots(int64_t keys, int64_t depth, const T* q, const T* k, int64_t row, T* sums) {
  constexpr int64_t unit = tiles::unit<T>;
  simd::run_with_width([=](auto width) {
    using L = Lanes<T, decltype(width)::value>;
    constexpr int64_t vectors = unit / L::count;
    for (int64_t j = 0; j < keys; ++j) {
      typename L::Vector sum[vectors] = {};
      const T* from = k + j * row;
      int64_t d = 0;
      for (; d + unit <= depth; d += unit)
        for (int64_t v = 0; v < vectors; ++v)
          sum[v] += L::at(q + d + v * L::count) * L::at(from + d + v * L::count);
      if (d < depth) {
        alignas(64) T rest[unit] = {};
        for (int64_t i = d; i < depth; ++i) rest[i - d] = from[i];
        for (int64_t v = 0; v < vectors; ++v)
          sum[v] += L::at(q + d + v * L::count) * L::at(rest + v * L::count);
      }
      for (int64_t v = 0; v < vectors; ++v) L::at(sums + j * unit + v * L::count) = sum[v];
    }
  });
}

/// scores_j = q . k_j; there is room for whole units of them.
template <class T>
void dots(int64_t keys, int64_t depth, const T* q, const T* k, int64_t row, T* scores) {
  constexpr int64_t unit = tiles::unit<T>;
  alignas(64) T sums[unit * unit] = {}, columns[unit * unit];
  for (int64_t j = 0; j < keys; j += unit) {
    partial_dots(std::min(unit, keys - j), depth, q, k + j * row, row, sums);
    tiles::transpose(unit, unit, sums, unit, columns, unit);
    simd::run_with_width([from = columns, to = scores + j](auto width) {
      using L = Lanes<T, decltype(width)::value>;
      for (int64_t i = 0; i < unit; i += L::count) {
        typename L::Vector even = L::at(from + i), odd = L::at(from + unit + i);
        for (int64_t l = 2; l < unit; l += 2) {
          even += L::at(from + l * unit + i);
          odd += L::at(from + (l + 1) * unit + i);
        }
        L::at(to + i) = even + odd;
      }
    });
  }
}

/// `Vectors` vectors of sum_j w_j v_j, in registers. Even and odd keys are added apart, so that no
/// sum waits for itself.
template <class L, int Vectors, class T>
[[gnu::always_inline]] inline void weighted_columns(int64_t keys, const T* w, const T* v,
                                                    int64_t row, T* out) {
  typename L::Vector even[Vectors] = {}, odd[Vectors] = {};
  int64_t j = 0;
  for (; j + 2 <= keys; j += 2, v += 2 * row)
    for (int64_t i = 0; i < Vectors; ++i) {
      even[i] += w[j] * L::at(v + i * L::count);
      odd[i] += w[j + 1] * L::at(v + row + i * L::count);
    }
  for (int64_t i = 0; i < Vectors; ++i) {
    if (j < keys) even[i] += w[j] * L::at(v + i * L::count);
    L::at(out + i * L::count) = even[i] + odd[i];
  }
}

/// out (width) = sum_j w_j v_j
template <class T>
void weighted_sum(int64_t keys, int64_t width, const T* w, const T* v, int64_t row, T* out) {
  simd::run_with_width([=](auto bytes) {
    using L = Lanes<T, decltype(bytes)::value>;
    int64_t e = 0;
    for (; e + 4 * L::count <= width; e += 4 * L::count)
      weighted_columns<L, 4>(keys, w, v + e, row, out + e);
    if (e + 2 * L::count <= width) {
      weighted_columns<L, 2>(keys, w, v + e, row, out + e);
      e += 2 * L::count;
    }
    if (e + L::count <= width) {
      weighted_columns<L, 1>(keys, w, v + e, row, out + e);
      e += L::count;
    }
    for (; e < width; ++e) {
      T sum = 0;
      for (int64_t j = 0; j < keys; ++j) sum += w[j] * v[j * row + e];
      out[e] = sum;
    }
  });
}

/// x = e^(x - the largest), and the sum of that and the largest.
template <class T>
void softmax_row(int64_t n, T* x, T* highest, T* total) {
  simd::run_with_width([=](auto bytes) {
    using L = Lanes<T, decltype(bytes)::value>;
    constexpr int64_t unit = tiles::unit<T>, vectors = unit / L::count;
    *highest = rows::max(x, n);
    const T shift = rows::shift_of(*highest);
    typename L::Vector sum[vectors] = {};
    for (int64_t j = 0; j < n; j += unit) {  // there is room for whole units
      for (int64_t i = j + std::min(unit, n - j); i < j + unit; ++i) x[i] = -infinity<T>;
      for (int64_t v = 0; v < vectors; ++v) {
        typename L::Vector y = L::at(x + j + v * L::count) - shift;
        L::exp(y);
        L::at(x + j + v * L::count) = y;
        sum[v] += y;
      }
    }
    *total = 0;
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t l = 0; l < L::count; ++l) *total += sum[v][l];
  });
}

template <class T>
class FewQueries {
 public:
  FewQueries(const AttentionProblem<T>& problem, HeadRows<T> out, T* logsumexp)
      : p_(problem),
        out_(out),
        logsumexp_(logsumexp),
        length_(tiles::whole_units<T>(p_.S)),
        scratch_(p_.shared * p_.Q * (tiles::whole_units<T>(p_.D) + length_) + length_) {}

  /// All queries of one head of keys.
  void run(int64_t b, int64_t head) {
    const int64_t rows = p_.shared * p_.Q, depth = tiles::whole_units<T>(p_.D);
    T *const queries = scratch_.data(), *const scores = queries + rows * depth;
    for (int64_t r = 0; r < rows; ++r) {
      const T* from = p_.query(b, head * p_.shared + r / p_.Q, r % p_.Q);
      for (int64_t d = 0; d < depth; ++d)
        queries[r * depth + d] = d < p_.D ? from[d] * p_.scale : T(0);
    }
    constexpr int64_t tile = 64;  // keys that stay in the first cache for all queries
    for (int64_t s = 0; s < p_.S; s += tile)
      for (int64_t r = 0; r < rows; ++r)
        dots(std::min(tile, p_.S - s), p_.D, queries + r * depth, p_.key(b, head, s), p_.key.row,
             scores + r * length_ + s);
    for (int64_t r = 0; r < rows; ++r)
      finish(b, head * p_.shared + r / p_.Q, r % p_.Q, scores + r * length_);
  }

 private:
  /// From the scores of a query to its output.
  void finish(int64_t b, int64_t h, int64_t t, T* scores) {
    T* const more = scratch_.data() + p_.shared * p_.Q * (tiles::whole_units<T>(p_.D) + length_);
    const int64_t keys = p_.visible(t);
    const TileMask mask =
        p_.alters() ? p_.added(b, h, t, 1, 0, keys, more, length_) : TileMask::open;
    T* const out = out_(b, h, t);
    T& logs = logsumexp_[(b * p_.H + h) * p_.Q + t];
    logs = infinity<T>;
    std::fill_n(out, p_.E, T(0));
    if (mask == TileMask::closed) return;
    if (mask == TileMask::changed)
      for (int64_t j = 0; j < keys; ++j)
        scores[j] = more[j] == -infinity<T> ? more[j] : scores[j] + more[j];
    T highest, total;
    softmax_row(keys, scores, &highest, &total);
    if (total == 0) return;
    logs = highest + std::log(total);
    if (p_.drops()) {
      p_.dropout(b, h, t, 1, 0, keys, more, length_);
      for (int64_t j = 0; j < keys; ++j) scores[j] *= more[j];
    }
    weighted_sum(keys, p_.E, scores, p_.value(b, h / p_.shared, 0), p_.value.row, out);
    for (int64_t e = 0; e < p_.E; ++e) out[e] *= 1 / total;
  }

  const AttentionProblem<T>& p_;
  HeadRows<T> out_;
  T* logsumexp_;
  int64_t length_;
  Scratch<T> scratch_;  // queries (rows, whole D), scores (rows, whole S), one more row of scores
};

}  // namespace

template <class T>
void attend_few(const AttentionProblem<T>& p, HeadRows<T> out, T* logsumexp) {
  const double reads = double(p.S) * double(p.D + p.E) * double(p.shared * p.Q);
  const int64_t grain = int64_t(std::max(1.0, task_reads / std::max(reads, 1.0)));
  parallel_for(0, p.B * p.K, grain, [&](int64_t begin, int64_t end) {
    FewQueries<T> work(p, out, logsumexp);
    for (int64_t i = begin; i < end; ++i) work.run(i / p.K, i % p.K);
  });
}

template void attend_few(const AttentionProblem<float>&, HeadRows<float>, float*);
template void attend_few(const AttentionProblem<double>&, HeadRows<double>, double*);

}  // namespace heed::detail
