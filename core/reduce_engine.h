#pragma once
// internal

#include <algorithm>
#include <cstdint>
#include <vector>

#include "heed/core/parallel.h"
#include "heed/core/simd.h"
#include "heed/core/tensor.h"

/// The reduction engine. Every reduction runs on x seen as (outer, size, inner) with the middle
/// dimension reduced; inner = 1 are rows, outer = 1 columns. Pieces are cut by shape and joined in
/// a fixed order.
///
/// An op has `Input`, a trivial `State` of one result, and two functions:
///   leaf(x, rows, stride, columns, first_row, states): the states of the columns of one tile;
///   merge(a, b): the state of two stretches, a before b.
namespace heed::detail {

struct ReducePlan {
  Tensor x;  // contiguous (outer, size, inner)
  int64_t outer = 1, size = 1, inner = 1;
  Shape kept;    // sizes of the kept dimensions, in the order of x
  Dims order;    // where each kept dimension of the result lies in `kept`
  Shape result;  // the result's shape, with or without the reduced dimensions

  int64_t count() const { return outer * inner; }
  Tensor allocate(DType dtype) const { return Tensor::allocate(kept, dtype); }
  /// The allocated tensor, once filled, as the result.
  Tensor finish(const Tensor& out) const;
};

/// Brings x into the engine's form, without a copy where its layout allows it. With `as_rows` the
/// reduced dimensions come last: inner = 1.
ReducePlan plan_reduction(const Tensor& x, const Dims& dims, bool keepdim, const char* op,
                          bool as_rows = false);

inline constexpr int64_t reduce_columns = 512;  // columns of a tile: their states stay in L1
inline constexpr int64_t reduce_tile = 65536;   // elements of a tile: it stays in L2

/// acc[j] = step(acc[j], x[row][j], j) for each row in turn.
template <class Acc, class T, class Step>
inline void fold_rows(const T* __restrict x, int64_t rows, int64_t stride, int64_t width,
                      Acc* __restrict acc, const Step& step) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * stride) {
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) {
      const Acc two = step(step(acc[j], x[j], j), x[j + stride], j);
      acc[j] = step(step(two, x[j + 2 * stride], j), x[j + 3 * stride], j);
    }
  }
  for (; r < rows; ++r, x += stride)
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) acc[j] = step(acc[j], x[j], j);
}

/// How the columns of a narrow dense tile are made wider for the vector unit: (rows, columns) is
/// read as (rows / groups, groups * columns), and the groups are joined afterwards.
struct Widened {
  int64_t groups = 1, width, rows, rest;

  Widened(int64_t tile_rows, int64_t stride, int64_t columns) {
    if (stride == columns)
      while (columns * groups * 2 <= 64 && groups * 2 <= tile_rows) groups *= 2;
    width = groups * columns;
    rows = tile_rows / groups;
    rest = tile_rows % groups * columns;  // elements of the last, shorter row
  }
  /// Joins acc[group][column] into acc[0][column] with a fixed tree: merge(into, from).
  template <class Merge>
  void join(const Merge& merge) const {
    for (int64_t half = width / 2; half * groups >= width; half /= 2)
      for (int64_t j = 0; j < half; ++j) merge(j, j + half);
  }
};

/// Folds a tile and leaves the result of column j in acc[j], j < columns.
template <class Acc, class T, class Step>
inline void fold_tile(const T* x, const Widened& wide, int64_t stride, Acc* acc, const Step& step) {
  const int64_t row_stride = wide.groups == 1 ? stride : wide.width;
  fold_rows(x, wide.rows, row_stride, wide.width, acc, step);
  if (wide.rest > 0) fold_rows(x + wide.rows * row_stride, 1, 0, wide.rest, acc, step);
}

/// How a plan is cut into tiles.
struct ReduceCut {
  int64_t columns, blocks;  // of a tile; tiles side by side
  int64_t rows, pieces;     // of a tile; tiles one below the other
  int64_t tasks, grain;

  explicit ReduceCut(const ReducePlan& plan) {
    columns = std::min(plan.inner, reduce_columns);
    blocks = columns == 0 ? 0 : (plan.inner + columns - 1) / columns;
    rows = std::max<int64_t>(1, reduce_tile / std::max<int64_t>(columns, 1));
    pieces = std::max<int64_t>(1, (plan.size + rows - 1) / rows);
    rows = std::min(rows, plan.size);
    tasks = plan.outer * pieces * blocks;
    grain = std::max<int64_t>(1, reduce_tile / std::max<int64_t>(rows * columns, 8));
  }
};

/// Where the results of a tile go, in row-major order of plan.kept.
inline int64_t first_result(const ReducePlan& plan, const ReduceCut& cut, int64_t task) {
  return task / cut.blocks / cut.pieces * plan.inner + task % cut.blocks * cut.columns;
}

/// Runs the tiles [begin, end). The state of result i in piece p goes to
/// to[i - first + p * piece_stride].
template <class Op>
[[gnu::noinline]] void reduce_tiles(const ReducePlan& plan, const ReduceCut& cut, const Op& op,
                                    int64_t begin, int64_t end, typename Op::State* to,
                                    int64_t first, int64_t piece_stride) {
  using State = typename Op::State;
  const auto* x = plan.x.data<typename Op::Input>();
  simd::run([=, &plan, &cut] {
    State states[reduce_columns];
    int64_t block = begin % cut.blocks, piece = begin / cut.blocks % cut.pieces;
    int64_t outer = begin / cut.blocks / cut.pieces;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t column = block * cut.columns, row = piece * cut.rows;
      const int64_t columns = std::min(cut.columns, plan.inner - column);
      const int64_t rows = std::min(cut.rows, plan.size - row);
      op.leaf(x + (outer * plan.size + row) * plan.inner + column, rows, plan.inner, columns, row,
              states);
      State* results = to + outer * plan.inner + column - first + piece * piece_stride;
      for (int64_t j = 0; j < columns; ++j) results[j] = states[j];
      if (++block < cut.blocks) continue;
      block = 0;
      if (++piece < cut.pieces) continue;
      piece = 0;
      ++outer;
    }
  });
}

/// Reduces and hands each result to sink(index in row-major order of plan.kept, state).
template <class Op, class Sink>
void reduce_run(const ReducePlan& plan, const Op& op, const Sink& sink) {
  using State = typename Op::State;
  const ReduceCut cut(plan);
  if (cut.pieces == 1)
    return parallel_for(0, cut.tasks, cut.grain, [&](int64_t begin, int64_t end) {
      State states[reduce_columns];
      const int64_t batch = std::max<int64_t>(1, reduce_columns / cut.columns);
      for (int64_t task = begin; task < end; task += batch) {
        const int64_t next = std::min(task + batch, end);
        const int64_t first = first_result(plan, cut, task);
        reduce_tiles(plan, cut, op, task, next, states, first, 0);
        const int64_t count = first_result(plan, cut, next) - first;
        for (int64_t i = 0; i < count; ++i) sink(first + i, states[i]);
      }
    });
  std::vector<State> partial(size_t(plan.count() * cut.pieces));  // (pieces, outer * inner)
  parallel_for(0, cut.tasks, cut.grain, [&](int64_t begin, int64_t end) {
    reduce_tiles(plan, cut, op, begin, end, partial.data(), 0, plan.count());
  });
  parallel_for(0, plan.count(), 1024, [&](int64_t begin, int64_t end) {
    State* states = partial.data();
    for (int64_t step = 1; step < cut.pieces; step *= 2)
      for (int64_t piece = 0; piece + step < cut.pieces; piece += 2 * step)
        for (int64_t i = begin; i < end; ++i) {
          State& into = states[piece * plan.count() + i];
          into = op.merge(into, states[(piece + step) * plan.count() + i]);
        }
    for (int64_t i = begin; i < end; ++i) sink(i, states[i]);
  });
}

}  // namespace heed::detail
