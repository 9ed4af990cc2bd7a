// The weights are computed again from the scores and their logsumexp, a tile at a time. Here keys
// lie in the lanes: a task owns a piece of the keys, whose transposes serve all queries.
#include <algorithm>
#include <limits>

#include "heed/core/attention_problem.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/index.h"
#include "heed/core/lanes.h"
#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/reduce.h"
#include "heed/core/row_math.h"
#include "heed/core/shape.h"
#include "heed/core/simd.h"
#include "heed/core/tile_product.h"

namespace heed {
namespace {

using detail::AttentionProblem;
using detail::HeadRows;
using detail::TileMask;

constexpr int64_t query_tile = 64;
constexpr int64_t least_tasks = 16;  // where the sequence is long enough to be cut

template <class T>
constexpr int64_t most_lanes = 4 * tiles::unit<T>;  // keys of a tile

/// Where the gradients go, and what they come from.
template <class T>
struct Gradients {
  HeadRows<const T> output, dy;
  const T* logsumexp;
  HeadRows<T> query, key, value;  // query: rows of whole units, for the first piece of the keys
  int64_t next_piece;             // elements from there to the same row for the next piece
  T* bias;                        // or null
  Strides bias_by;                // of (B, H, T, S)
};

/// scores -> weights P = e^(scale s + added - logsumexp), as they were after dropout, and
/// dp (what arrives at those) -> the scaled gradient of the scores, dS = P (kept dp - delta).
template <class T>
struct TileRows {
  int64_t rows, lanes;
  T *scores, *dp;
  const T *added, *kept;  // or null
  const T *logsumexp, *delta;
  T scale, gradient_scale;

  template <int Width>
  [[gnu::always_inline]] inline void run() const {
    using L = Lanes<T, Width>;
    using Vector = typename L::Vector;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t l = 0; l < lanes; l += L::count) {
        const int64_t at = r * lanes + l;
        Vector p = L::at(scores + at) * scale - logsumexp[r];
        if (added) {
          const Vector a = L::at(added + at);
          p = a == -detail::infinity<T> ? a : p + a;
        }
        p = p > T(0) ? Vector{} : p;  // a weight is at most 1
        L::exp(p);
        Vector g = L::at(dp + at), dropped = p;
        if (kept) {
          const Vector factor = L::at(kept + at);
          g *= factor;
          dropped *= factor;
        }
        L::at(scores + at) = dropped;
        g = p * (g - delta[r]) * gradient_scale;
        L::at(dp + at) = p == T(0) ? Vector{} : g;  // never 0 times infinity
      }
  }
};

/// The gradients of a piece of the keys of one head, and of the queries that attend to it.
template <class T>
class BackwardPiece {
 public:
  BackwardPiece(const AttentionProblem<T>& problem, const Gradients<T>& gradients)
      : p_(problem),
        g_(gradients),
        lanes_(p_.causal() && p_.Q <= 2 * query_tile ? most_lanes<T> / 2 : most_lanes<T>),
        depth_(tiles::whole_units<T>(p_.D)),
        width_(tiles::whole_units<T>(p_.E)),
        scratch_(lanes_ * (p_.D + p_.E + 2 * depth_ + width_ + 4 * query_tile) +
                 query_tile * (depth_ + width_) + p_.shared * p_.Q) {
    T* at = scratch_.data();
    const auto take = [&](int64_t count) { return std::exchange(at, at + count); };
    keys_turned_ = take(lanes_ * p_.D), values_turned_ = take(lanes_ * p_.E);
    keys_ = take(lanes_ * depth_), dk_ = take(lanes_ * depth_), dv_ = take(lanes_ * width_);
    scores_ = take(lanes_ * query_tile), dp_ = take(lanes_ * query_tile);
    added_ = take(lanes_ * query_tile), kept_ = take(lanes_ * query_tile);
    queries_ = take(query_tile * depth_), dy_ = take(query_tile * width_);
    deltas_ = take(p_.shared * p_.Q);
    std::fill(added_, added_ + 2 * lanes_ * query_tile, T(0));
  }

  /// The keys [begin, end) of a head.
  void run(int64_t b, int64_t head, int64_t begin, int64_t end, int64_t piece) {
    for (int64_t r = 0; r < p_.shared * p_.Q; ++r) {
      const int64_t h = head * p_.shared + r / p_.Q, t = r % p_.Q;
      std::fill_n(query_gradient(b, h, t, piece), depth_, T(0));
      const T *y = g_.output(b, h, t), *dy = g_.dy(b, h, t);
      simd::run([=, n = p_.E, to = deltas_ + r] {
        *to = T(rows::sum(n, [=](int64_t e) { return double(y[e]) * double(dy[e]); }));
      });
    }
    for (int64_t s = begin; s < end; s += lanes_) {
      const int64_t keys = std::min(lanes_, end - s);
      load(b, head, s, keys);
      for (int64_t h = head * p_.shared; h < (head + 1) * p_.shared; ++h)
        for (int64_t t = p_.first_query(s); t < p_.Q; t += query_tile)
          add_tile({b, h, head, t, std::min(query_tile, p_.Q - t), s, keys, piece});
      for (int64_t r = 0; r < keys; ++r) {
        std::copy_n(dk_ + r * depth_, p_.D, g_.key(b, head, s + r));
        std::copy_n(dv_ + r * width_, p_.E, g_.value(b, head, s + r));
      }
    }
  }

 private:
  struct Tile {
    int64_t b, h, head, t, rows, s, keys, piece;
    int64_t lanes() const { return tiles::whole_units<T>(keys); }
  };

  T* query_gradient(int64_t b, int64_t h, int64_t t, int64_t piece) const {
    return g_.query(b, h, t) + piece * g_.next_piece;
  }

  /// Rows of n elements as rows of whole units: where they lie, or copied.
  MatrixView<T> whole_rows(const T* from, int64_t row, int64_t count, int64_t n, T* room) const {
    const int64_t whole = tiles::whole_units<T>(n);
    if (n == whole) return {from, row};
    for (int64_t r = 0; r < count; ++r) {
      std::copy_n(from + r * row, n, room + r * whole);
      std::fill_n(room + r * whole + n, whole - n, T(0));
    }
    return {room, whole};
  }

  /// A tile of keys and values, which all queries will meet.
  void load(int64_t b, int64_t head, int64_t s, int64_t keys) {
    const int64_t lanes = tiles::whole_units<T>(keys);
    const T *k = p_.key(b, head, s), *v = p_.value(b, head, s);
    if (keys < lanes) std::fill(keys_turned_, keys_turned_ + (p_.D + p_.E) * lanes_, T(0));
    tiles::transpose(keys, p_.D, k, p_.key.row, keys_turned_, lanes);      // (D, lanes)
    tiles::transpose(keys, p_.E, v, p_.value.row, values_turned_, lanes);  // (E, lanes)
    key_rows_ = whole_rows(k, p_.key.row, keys, p_.D, keys_);
    std::fill_n(dk_, keys * depth_, T(0));
    std::fill_n(dv_, keys * width_, T(0));
  }

  /// What some queries add to the gradients of the loaded keys and values, and those to theirs.
  void add_tile(const Tile& at) {
    const int64_t n = at.lanes();
    const TileMask mask = p_.alters()
                              ? p_.added(at.b, at.h, at.t, at.rows, at.s, at.keys, added_, n)
                              : TileMask::open;
    if (mask == TileMask::closed) return;
    const MatrixView<T> q =
        whole_rows(p_.query(at.b, at.h, at.t), p_.query.row, at.rows, p_.D, queries_);
    const MatrixView<T> dy = whole_rows(g_.dy(at.b, at.h, at.t), g_.dy.row, at.rows, p_.E, dy_);
    tiles::multiply(at.rows, n, p_.D, q, keys_turned_, n, scores_, n, false);  // (rows, lanes)
    tiles::multiply(at.rows, n, p_.E, dy, values_turned_, n, dp_, n, false);
    differentiate(at, mask == TileMask::changed);
    tiles::multiply(at.keys, width_, at.rows, {scores_, n, true}, dy.data, dy.leading, dv_, width_,
                    true);
    tiles::multiply(at.keys, depth_, at.rows, {dp_, n, true}, q.data, q.leading, dk_, depth_, true);
    tiles::multiply(at.rows, depth_, at.keys, {dp_, n}, key_rows_.data, key_rows_.leading,
                    query_gradient(at.b, at.h, at.t, at.piece), g_.query.row, true);
  }

  /// scores_ to weights, dp_ to the gradient of the scores; the gradient of the bias.
  void differentiate(const Tile& at, bool changed) {
    const int64_t n = at.lanes(), first = (at.b * p_.H + at.h) * p_.Q + at.t;
    if (p_.drops()) p_.dropout(at.b, at.h, at.t, at.rows, at.s, at.keys, kept_, n);
    const TileRows<T> tile{at.rows,
                           n,
                           scores_,
                           dp_,
                           changed ? added_ : nullptr,
                           p_.drops() ? kept_ : nullptr,
                           g_.logsumexp + first,
                           deltas_ + (at.h - at.head * p_.shared) * p_.Q + at.t,
                           p_.scale,
                           g_.bias ? T(1) : p_.scale};
    simd::run_with_width([&](auto width) { tile.template run<decltype(width)::value>(); });
    for (int64_t r = 0; r < at.rows; ++r) {
      const int64_t open = std::max<int64_t>(0, p_.visible(at.t + r) - at.s);
      if (open >= at.keys) break;  // and so do the later ones
      std::fill(scores_ + r * n + open, scores_ + r * n + at.keys, T(0));
      std::fill(dp_ + r * n + open, dp_ + r * n + at.keys, T(0));
    }
    if (g_.bias) add_bias_gradient(at);
  }

  void add_bias_gradient(const Tile& at) {
    const Strides& by = g_.bias_by;
    T* const start = g_.bias + at.b * by[0] + at.h * by[1] + at.t * by[2] + at.s * by[3];
    simd::run([=, n = at.lanes(), ds = dp_, scale = p_.scale] {
      for (int64_t r = 0; r < at.rows; ++r) {
        T* const to = start + r * by[2];
        T* const from = ds + r * n;
        if (by[3] == 0)
          *to += T(rows::sum(at.keys, [=](int64_t j) { return double(from[j]); }));
        else
          for (int64_t j = 0; j < at.keys; ++j) to[j * by[3]] += from[j];
        for (int64_t j = 0; j < at.keys; ++j) from[j] *= scale;
      }
    });
  }

  const AttentionProblem<T>& p_;
  const Gradients<T>& g_;
  int64_t lanes_, depth_, width_;  // D and E in whole units
  detail::Scratch<T> scratch_;
  T *keys_turned_, *values_turned_, *keys_, *dk_, *dv_, *scores_, *dp_, *added_, *kept_, *queries_,
      *dy_, *deltas_;
  MatrixView<T> key_rows_{};
};

/// How the work is cut. A task has what no other task writes to: where the bias has one number for
/// several batches or heads, these belong to one task. Long sequences are cut into pieces of keys,
/// each with a gradient of the queries of its own.
struct Cut {
  int64_t batches, heads, pieces, keys;  // batches and heads of tasks; keys of a piece

  Cut(const Tensor& key, const Tensor& bias, const Strides& by) {
    batches = bias.defined() && by[0] == 0 ? 1 : key.size(0);
    heads = bias.defined() && by[1] == 0 ? 1 : key.size(1);
    const int64_t length = key.size(2), tasks = std::max<int64_t>(1, batches * heads);
    const int64_t wanted = (least_tasks + tasks - 1) / tasks;
    pieces = std::clamp<int64_t>(length / 512, 1, std::min<int64_t>(wanted, 4));
    if (bias.defined() && by[3] == 0) pieces = 1;
    keys = ((length + pieces - 1) / pieces + 63) / 64 * 64;
    pieces = std::max<int64_t>(1, (length + keys - 1) / std::max<int64_t>(keys, 1));
  }
};

template <class T>
void run_tasks(const AttentionProblem<T>& p, const Gradients<T>& gradients, const Cut& cut) {
  const double flops = 10.0 * double(p.Q) * double(cut.keys) * double(p.D + p.E) / 2 *
                       double(p.B * p.H) / double(std::max<int64_t>(1, cut.batches * cut.heads));
  const int64_t grain = int64_t(std::max(1.0, detail::task_flops / std::max(flops, 1.0)));
  const int64_t batches = cut.batches > 0 ? p.B / cut.batches : 0, heads = p.K / cut.heads;
  parallel_for(0, cut.batches * cut.heads * cut.pieces, grain, [&](int64_t begin, int64_t end) {
    BackwardPiece<T> work(p, gradients);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t piece = i % cut.pieces, first = piece * cut.keys;
      const int64_t b0 = i / cut.pieces / cut.heads * batches,
                    h0 = i / cut.pieces % cut.heads * heads;
      for (int64_t b = b0; b < b0 + batches; ++b)
        for (int64_t head = h0; head < h0 + heads; ++head)
          work.run(b, head, first, std::min(p.S, first + cut.keys), piece);
    }
  });
}

}  // namespace

ScaledDotProductGradients scaled_dot_product_attention_backward(
    const Tensor& dy, const Tensor& query, const Tensor& given_key, const Tensor& given_value,
    const ScaledDotProductSettings& settings, const ScaledDotProduct& result, bool bias_gradient) {
  const Tensor unread = detail::unread_keys(query, given_key, given_value, settings);
  const Tensor key = unread.defined() ? masked_fill(given_key, unread, 0) : given_key;
  const Tensor value = unread.defined() ? masked_fill(given_value, unread, 0) : given_value;
  const int64_t batch = query.size(0), heads = query.size(1), queries = query.size(2);
  const DType dtype = query.dtype();
  const Tensor output = detail::dense_rows(result.output), arrived = detail::dense_rows(dy);
  ScaledDotProductGradients out;
  const auto like_heads = [&](const Tensor& x) {
    return transpose(Tensor::allocate({x.size(0), x.size(2), x.size(1), x.size(3)}, dtype), 1, 2);
  };
  out.key = like_heads(key);
  out.value = like_heads(value);
  Strides bias_by = Strides::filled(4, 0);
  if (bias_gradient) {
    out.bias = zeros(settings.bias.shape(), {.dtype = dtype});
    bias_by = expand(out.bias, {batch, heads, queries, key.size(2)}).strides();
  }
  const Cut cut(key, out.bias, bias_by);
  Tensor pieces;  // (pieces, B, T, H, whole units of D)
  dispatch_floating(dtype, "scaled_dot_product_attention_backward", [&](auto t) {
    using T = decltype(t);
    pieces = Tensor::allocate(
        {cut.pieces, batch, queries, heads, tiles::whole_units<T>(query.size(3))}, dtype);
    const AttentionProblem<T> problem(query, key, value, settings);
    const Strides by = pieces.strides();
    const Gradients<T> gradients{{output.data<T>(), output.strides()},
                                 {arrived.data<T>(), arrived.strides()},
                                 result.logsumexp.data<T>(),
                                 {pieces.mutable_data<T>(), {by[1], by[3], by[2]}},
                                 {out.key.mutable_data<T>(), out.key.strides()},
                                 {out.value.mutable_data<T>(), out.value.strides()},
                                 by[0],
                                 bias_gradient ? out.bias.mutable_data<T>() : nullptr,
                                 bias_by};
    run_tasks(problem, gradients, cut);
  });
  const Tensor all = cut.pieces == 1 ? select(pieces, 0, 0) : sum(pieces, {0});  // (B, T, H, D)
  out.query = transpose(narrow(all, 3, 0, query.size(3)), 1, 2);
  return out;
}

}  // namespace heed
