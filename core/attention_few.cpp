// Few queries, as in decoding with a cache: keys and values are read once, as they lie.
#include <cmath>
#include <limits>

#include "heed/core/attention_problem.h"
#include "heed/core/lanes.h"
#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/row_math.h"
#include "heed/core/simd.h"

namespace heed::detail {
namespace {

constexpr double task_reads = 65536;  // elements of keys and values

/// scores_j = q . k_j for a q with zeros up to whole vectors; there is room for whole vectors of
/// scores.
template <class L, class T>
[[gnu::always_inline]] inline void dots(int64_t keys, int64_t depth, const T* q, const T* k,
                                        int64_t row, T* scores) {
  for (int64_t j = 0; j < keys; j += L::count) {
    typename L::Vector sum[L::count] = {};
    const T* from[L::count];
    for (int64_t i = 0; i < L::count; ++i) from[i] = k + std::min(j + i, keys - 1) * row;
    int64_t d = 0;
    for (; d + L::count <= depth; d += L::count) {
      const typename L::Vector x = L::at(q + d);
      for (int64_t i = 0; i < L::count; ++i) sum[i] += x * L::at(from[i] + d);
    }
    if (d < depth) {
      const typename L::Vector x = L::at(q + d);
      for (int64_t i = 0; i < L::count; ++i) {
        typename L::Vector rest = {};
        for (int64_t e = d; e < depth; ++e) rest[e - d] = from[i][e];
        sum[i] += x * rest;
      }
    }
    L::add_lanes(sum);
    L::at(scores + j) = sum[0];
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
template <class L, class T>
[[gnu::always_inline]] inline void weighted_sum(int64_t keys, int64_t width, const T* w, const T* v,
                                                int64_t row, T* out) {
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
}

/// x = e^(x - the largest), and the largest and the sum of that. There is room for whole vectors.
template <class L, class T>
[[gnu::always_inline]] inline void softmax_row(int64_t n, T* x, T& highest, T& total) {
  for (int64_t i = n; i % L::count != 0; ++i) x[i] = -infinity<T>;
  typename L::Vector best = L::at(x), sum = {};
  for (int64_t j = L::count; j < n; j += L::count) {
    const typename L::Vector y = L::at(x + j);
    best = y > best ? y : best;  // NaN is passed over, or wins: it comes back as e^NaN
  }
  highest = best[0];
  for (int64_t l = 1; l < L::count; ++l) highest = best[l] > highest ? best[l] : highest;
  const T shift = rows::shift_of(highest);
  for (int64_t j = 0; j < n; j += L::count) {
    typename L::Vector y = L::at(x + j) - shift;
    L::exp(y);
    L::at(x + j) = y;
    sum += y;
  }
  total = 0;
  for (int64_t l = 0; l < L::count; ++l) total += sum[l];
}

template <class T, int Width>
class FewQueries {
 public:
  FewQueries(const AttentionProblem<T>& problem, HeadRows<T> out, T* logsumexp)
      : p_(problem),
        out_(out),
        logsumexp_(logsumexp),
        depth_(whole(p_.D)),
        length_(whole(p_.S)),
        scratch_(p_.shared * p_.Q * (depth_ + length_) + length_) {}

  /// All queries of one head of keys.
  [[gnu::always_inline]] inline void run(int64_t b, int64_t head) {
    const int64_t rows = p_.shared * p_.Q;
    T *const queries = scratch_.data(), *const scores = queries + rows * depth_;
    for (int64_t r = 0; r < rows; ++r) {
      const T* from = p_.query(b, head * p_.shared + r / p_.Q, r % p_.Q);
      T* q = queries + r * depth_;
      for (int64_t d = 0; d < p_.D; ++d) q[d] = from[d] * p_.scale;
      for (int64_t d = p_.D; d < depth_; ++d) q[d] = 0;
    }
    constexpr int64_t tile = 64;  // keys that stay in the first cache for all queries
    for (int64_t s = 0; s < p_.S; s += tile)
      for (int64_t r = 0; r < rows; ++r)
        dots<L>(std::min(tile, p_.S - s), p_.D, queries + r * depth_, p_.key(b, head, s),
                p_.key.row, scores + r * length_ + s);
    for (int64_t r = 0; r < rows; ++r)
      finish(b, head * p_.shared + r / p_.Q, r % p_.Q, scores + r * length_);
  }

 private:
  using L = Lanes<T, Width>;

  static constexpr int64_t whole(int64_t n) { return (n + L::count - 1) / L::count * L::count; }

  /// From the scores of a query to its output.
  [[gnu::always_inline]] inline void finish(int64_t b, int64_t h, int64_t t, T* scores) {
    T* const more = scratch_.data() + p_.shared * p_.Q * (depth_ + length_);
    const int64_t keys = p_.visible(t);
    const TileMask mask = keys == 0     ? TileMask::closed
                          : p_.alters() ? p_.added(b, h, t, 1, 0, keys, more, length_)
                                        : TileMask::open;
    if (mask == TileMask::changed)
      for (int64_t j = 0; j < keys; ++j)
        scores[j] = more[j] == -infinity<T> ? more[j] : scores[j] + more[j];
    T highest = 0, total = 0;
    if (mask != TileMask::closed) softmax_row<L>(keys, scores, highest, total);
    T* const out = out_(b, h, t);
    T& logs = logsumexp_[(b * p_.H + h) * p_.Q + t];
    if (total == 0) {
      logs = infinity<T>;
      std::fill_n(out, p_.E, T(0));
      return;
    }
    logs = highest + std::log(total);
    if (p_.drops()) {
      p_.dropout(b, h, t, 1, 0, keys, more, length_);
      for (int64_t j = 0; j < keys; ++j) scores[j] *= more[j];
    }
    weighted_sum<L>(keys, p_.E, scores, p_.value(b, h / p_.shared, 0), p_.value.row, out);
    const T share = 1 / total;
    for (int64_t e = 0; e < p_.E; ++e) out[e] *= share;
  }

  const AttentionProblem<T>& p_;
  HeadRows<T> out_;
  T* logsumexp_;
  int64_t depth_, length_;  // D and S, rounded up to whole vectors
  Scratch<T> scratch_;      // queries (rows, depth), scores (rows, length), one more row of scores
};

}  // namespace

template <class T>
void attend_few(const AttentionProblem<T>& p, HeadRows<T> out, T* logsumexp) {
  const double reads = double(p.S) * double(p.D + p.E) * double(p.shared * p.Q);
  const int64_t grain = int64_t(std::max(1.0, task_reads / std::max(reads, 1.0)));
  parallel_for(0, p.B * p.K, grain, [&](int64_t begin, int64_t end) {
    simd::run_with_width([&, begin, end](auto width) {
      FewQueries<T, decltype(width)::value> work(p, out, logsumexp);
      for (int64_t i = begin; i < end; ++i) work.run(i / p.K, i % p.K);
    });
  });
}

template void attend_few(const AttentionProblem<float>&, HeadRows<float>, float*);
template void attend_few(const AttentionProblem<double>&, HeadRows<double>, double*);

}  // namespace heed::detail
