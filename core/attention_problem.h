#pragma once
// internal

#include <algorithm>
#include <limits>

#include "heed/core/scaled_dot_product_attention.h"

namespace heed::detail {

inline constexpr double task_flops = 3e6;  // a task's worth of work

template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();

/// Rows (batch, head, step) of a tensor of four dimensions, each dense, wherever they lie.
template <class T>
struct HeadRows {
  T* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;

  HeadRows() = default;
  HeadRows(T* start, const Strides& strides)
      : data(start), batch(strides[0]), head(strides[1]), row(strides[2]) {}
  T* operator()(int64_t b, int64_t h, int64_t t) const {
    return data + b * batch + h * head + t * row;
  }
};

/// x itself when its last dimension is dense, else a copy.
Tensor dense_rows(const Tensor& x);

/// Does a tile of scores stay as it is, change, or is nothing of it attended to?
enum class TileMask { open, changed, closed };

/// Everything that the kernels of scaled_dot_product_attention read, checked. Sizes have the names
/// of the formulas: queries (B, H, T, D), keys (B, K, S, D), values (B, K, S, E).
template <class T>
class AttentionProblem {
 public:
  AttentionProblem(const Tensor& query, const Tensor& key, const Tensor& value,
                   const ScaledDotProductSettings& settings);

  int64_t B, H, K, Q, S, D, E;  // Q: the number of queries, T in the formulas
  int64_t shared;               // query heads for each head of keys
  HeadRows<const T> query, key, value;
  T scale;

  /// How many keys, from the first on, causality leaves to query t.
  int64_t visible(int64_t t) const {
    return causal_ ? std::clamp<int64_t>(past_ + t + 1, 0, S) : S;
  }
  /// The first query that may attend to key s, by causality.
  int64_t first_query(int64_t s) const {
    return causal_ ? std::clamp<int64_t>(s - past_, 0, Q) : 0;
  }
  bool causal() const { return causal_; }
  bool drops() const { return drops_; }
  bool alters() const { return mask_.defined() || bias_.defined(); }

  /// What is added to the scores of the queries [t, t + rows) and the keys [s, s + n): the bias,
  /// and -inf where the mask is 0. Written to `out` (rows, leading) unless the tile is open.
  TileMask added(int64_t b, int64_t h, int64_t t, int64_t rows, int64_t s, int64_t n, T* out,
                 int64_t leading) const;

  /// What the weights of those are multiplied with: 0 or 1 / (1 - p).
  void dropout(int64_t b, int64_t h, int64_t t, int64_t rows, int64_t s, int64_t n, T* out,
               int64_t leading) const;

 private:
  Tensor query_, key_, value_, mask_, bias_;  // mask and bias expanded to (B, H, T, S)
  bool causal_, drops_;
  int64_t past_;
  double keep_;
  uint64_t seed_, offset_;
};

extern template class AttentionProblem<float>;
extern template class AttentionProblem<double>;

/// Computes out (B, H, Q, E) and logsumexp (B, H, Q). Many queries: they lie in the lanes of
/// vectors. Few, as in decoding: each is multiplied with every key and value, one pass over memory.
template <class T>
void attend_many(const AttentionProblem<T>& problem, HeadRows<T> out, T* logsumexp);
template <class T>
void attend_few(const AttentionProblem<T>& problem, HeadRows<T> out, T* logsumexp);

}  // namespace heed::detail
