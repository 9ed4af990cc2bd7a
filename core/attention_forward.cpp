// Many queries: they lie in the lanes of vectors, and everything is transposed. Then the products
// read keys and values in place, the softmax goes down the columns without sums across a vector,
// and only queries and output are transposed, once.
#include <cmath>
#include <limits>

#include "heed/core/attention_problem.h"
#include "heed/core/lanes.h"
#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/simd.h"
#include "heed/core/tile_product.h"

namespace heed::detail {
namespace {

constexpr int64_t key_tile = 64;  // its keys and values stay in the first cache for all panels
constexpr int64_t panels = 2;     // for each task

template <class T>
constexpr int64_t most_lanes = 2 * tiles::unit<T>;

/// The queries [first, first + count), one in each lane.
template <class T>
struct Panel {
  int64_t first, count, lanes;
  bool begun;
  T* query;    // (D, lanes), scaled
  T* output;   // (E, lanes), not yet divided by the sums
  T* highest;  // (lanes), the largest score so far
  T* sums;     // (lanes) of e^(score - highest)
};

/// Scores (keys, lanes) become e^(score - the new highest); sums and output go over to it.
template <class T, int Width>
[[gnu::always_inline]] inline void softmax_step(int64_t keys, int64_t width, T* scores,
                                                const Panel<T>& panel) {
  using L = Lanes<T, Width>;
  using Vector = typename L::Vector;
  for (int64_t l = 0; l < panel.lanes; l += L::count) {
    const Vector before = L::at(panel.highest + l);
    Vector best[4] = {before, before, before, before};  // four chains: one waits for itself
    int64_t s = 0;
    for (; s + 4 <= keys; s += 4)
      for (int64_t i = 0; i < 4; ++i) {
        const Vector x = L::at(scores + (s + i) * panel.lanes + l);
        best[i] = x > best[i] ? x : best[i];  // NaN is passed over: it comes back as e^NaN
      }
    for (; s < keys; ++s) {
      const Vector x = L::at(scores + s * panel.lanes + l);
      best[0] = x > best[0] ? x : best[0];
    }
    for (int64_t i = 1; i < 4; ++i) best[0] = best[i] > best[0] ? best[i] : best[0];
    const Vector highest = best[0];
    const Vector shift = highest == -infinity<T> ? Vector{} : highest;
    Vector total = {};
    for (s = 0; s < keys; ++s) {
      Vector x = L::at(scores + s * panel.lanes + l) - shift;
      L::exp(x);
      L::at(scores + s * panel.lanes + l) = x;
      total += x;
    }
    L::at(panel.highest + l) = highest;
    if (panel.begun) {
      Vector change = before - shift;
      L::exp(change);
      total += change * L::at(panel.sums + l);
      for (int64_t e = 0; e < width; ++e) L::at(panel.output + e * panel.lanes + l) *= change;
    }
    L::at(panel.sums + l) = total;
  }
}

/// scores += added, -inf where that is -inf, whatever the scores were.
template <class T>
void add_scores(int64_t count, T* scores, const T* added) {
  simd::run_with_width([=](auto width) {
    using L = Lanes<T, decltype(width)::value>;
    for (int64_t i = 0; i < count; i += L::count) {
      const typename L::Vector a = L::at(added + i), x = L::at(scores + i) + a;
      L::at(scores + i) = a == -infinity<T> ? a : x;
    }
  });
}

template <class T>
class ForwardBlock {
 public:
  ForwardBlock(const AttentionProblem<T>& problem, HeadRows<T> out, T* logsumexp)
      : p_(problem),
        out_(out),
        logsumexp_(logsumexp),
        scratch_(lanes * (panels * (p_.D + p_.E + 2) + 3 * key_tile)) {
    T* at = scratch_.data();
    const auto take = [&](int64_t count) { return std::exchange(at, at + count); };
    for (Panel<T>& panel : panels_)
      panel = {0, 0, 0, false, take(p_.D * lanes), take(p_.E * lanes), take(lanes), take(lanes)};
    scores_ = take(lanes * key_tile);
    rows_ = take(lanes * key_tile);
    columns_ = take(lanes * key_tile);
  }

  /// The queries from `first` on of one head, as many as the panels hold.
  void run(int64_t b, int64_t h, int64_t first) {
    int64_t limit = 0;
    for (Panel<T>& panel : panels_) {
      begin(panel, b, h, first);
      first += panel.count;
      if (panel.count > 0) limit = p_.visible(first - 1);
    }
    for (int64_t s = 0; s < limit; s += key_tile)
      for (Panel<T>& panel : panels_)
        if (panel.count > 0) attend(panel, b, h, s);
    for (Panel<T>& panel : panels_)
      if (panel.count > 0) finish(panel, b, h);
  }

 private:
  static constexpr int64_t lanes = most_lanes<T>;

  void begin(Panel<T>& panel, int64_t b, int64_t h, int64_t first) {
    panel.first = first;
    panel.count = std::clamp<int64_t>(p_.Q - first, 0, lanes);
    panel.lanes = tiles::whole_units<T>(panel.count);
    panel.begun = false;
    if (panel.count == 0) return;
    if (panel.count < panel.lanes) std::fill_n(panel.query, p_.D * panel.lanes, T(0));
    tiles::transpose(panel.count, p_.D, p_.query(b, h, first), p_.query.row, panel.query,
                     panel.lanes);  // (D, lanes)
    simd::run([n = p_.D * panel.lanes, x = panel.query, scale = p_.scale] {
      for (int64_t i = 0; i < n; ++i) x[i] *= scale;
    });
    std::fill_n(panel.highest, panel.lanes, -infinity<T>);
    std::fill_n(panel.sums, panel.lanes, T(0));
    std::fill_n(panel.output, p_.E * panel.lanes, T(0));
  }

  /// One tile of keys.
  void attend(Panel<T>& panel, int64_t b, int64_t h, int64_t s) {
    const int64_t keys = std::min(key_tile, p_.visible(panel.first + panel.count - 1) - s);
    if (keys <= 0) return;
    const TileMask mask = p_.alters()
                              ? p_.added(b, h, panel.first, panel.count, s, keys, rows_, key_tile)
                              : TileMask::open;
    if (mask == TileMask::closed) return;
    const int64_t head = h / p_.shared, n = panel.lanes;
    tiles::multiply(keys, n, p_.D, {p_.key(b, head, s), p_.key.row}, panel.query, n, scores_, n,
                    false);  // (keys, lanes)
    if (mask == TileMask::changed) {
      turn(panel, keys);
      add_scores(keys * n, scores_, columns_);
    }
    for (int64_t r = std::max<int64_t>(0, p_.visible(panel.first) - s); r < keys; ++r)
      std::fill_n(scores_ + r * n, p_.first_query(s + r) - panel.first, -infinity<T>);
    simd::run_with_width(
        [&](auto width) { softmax_step<T, decltype(width)::value>(keys, p_.E, scores_, panel); });
    if (p_.drops()) {
      p_.dropout(b, h, panel.first, panel.count, s, keys, rows_, key_tile);
      turn(panel, keys);
      simd::run([count = keys * n, x = scores_, y = columns_] {
        for (int64_t i = 0; i < count; ++i) x[i] *= y[i];
      });
    }
    tiles::multiply(p_.E, n, keys, {p_.value(b, head, s), p_.value.row, true}, scores_, n,
                    panel.output, n, panel.begun);
    panel.begun = true;
  }

  /// rows_ (queries, key_tile) to columns_ (keys, lanes).
  void turn(const Panel<T>& panel, int64_t keys) {
    if (panel.count < panel.lanes) std::fill_n(columns_, keys * panel.lanes, T(0));
    tiles::transpose(panel.count, keys, rows_, key_tile, columns_, panel.lanes);
  }

  void finish(Panel<T>& panel, int64_t b, int64_t h) {
    const int64_t n = panel.lanes;
    T* const logs = logsumexp_ + (b * p_.H + h) * p_.Q + panel.first;
    for (int64_t l = 0; l < panel.count; ++l)
      logs[l] = panel.sums[l] == 0 ? infinity<T> : panel.highest[l] + std::log(panel.sums[l]);
    simd::run([n, width = p_.E, sums = panel.sums, out = panel.output] {
      for (int64_t l = 0; l < n; ++l) sums[l] = sums[l] == 0 ? T(0) : 1 / sums[l];
      for (int64_t e = 0; e < width; ++e)
        for (int64_t l = 0; l < n; ++l)
          out[e * n + l] = sums[l] == 0 ? T(0) : out[e * n + l] * sums[l];
    });
    tiles::transpose(p_.E, panel.count, panel.output, n, out_(b, h, panel.first), out_.row);
  }

  const AttentionProblem<T>& p_;
  HeadRows<T> out_;
  T* logsumexp_;
  Scratch<T> scratch_;
  Panel<T> panels_[panels];
  T *scores_, *rows_, *columns_;
};

}  // namespace

template <class T>
void attend_many(const AttentionProblem<T>& p, HeadRows<T> out, T* logsumexp) {
  constexpr int64_t block = panels * most_lanes<T>;
  const int64_t blocks = (p.Q + block - 1) / block;
  const double flops = 2.0 * double(std::min(block, p.Q)) * double(p.S) * double(p.D + p.E);
  const int64_t grain = int64_t(std::max(1.0, task_flops / std::max(flops, 1.0)));
  parallel_for(0, p.B * p.H * blocks, grain, [&](int64_t begin, int64_t end) {
    ForwardBlock<T> work(p, out, logsumexp);
    for (int64_t i = begin; i < end; ++i)
      work.run(i / blocks / p.H, i / blocks % p.H, i % blocks * block);
  });
}

template void attend_many(const AttentionProblem<float>&, HeadRows<float>, float*);
template void attend_many(const AttentionProblem<double>&, HeadRows<double>, double*);

}  // namespace heed::detail
