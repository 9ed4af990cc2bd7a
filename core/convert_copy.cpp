#include "heed/core/convert_copy.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "heed/core/parallel.h"

namespace heed::detail {
namespace {

constexpr int64_t grain = 32768;  // elements of one task
constexpr int64_t tile = 32;      // transpositions go by squares that fit the first-level cache

/// One dimension of the copy: its size and what a step adds to either side, in elements.
struct Loop {
  int64_t size, to, from;
};

/// The dimensions from the outermost to the innermost, as seen from the destination.
struct Nest {
  std::array<Loop, max_dims> loops;
  int count = 0;

  Loop& inner() { return loops[size_t(count - 1)]; }
  int64_t rows(int inner_loops) const {
    int64_t product = 1;
    for (int i = 0; i < count - inner_loops; ++i) product *= loops[size_t(i)].size;
    return product;
  }
};

Nest make_nest(const Shape& shape, const Strides& to, const Strides& from) {
  Nest nest;
  for (int i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) nest.loops[size_t(nest.count++)] = {shape[i], to[i], from[i]};
  for (int i = 1; i < nest.count; ++i)  // sorted by insertion: std::stable_sort would take memory
    for (int j = i; j > 0 && nest.loops[size_t(j - 1)].to < nest.loops[size_t(j)].to; --j)
      std::swap(nest.loops[size_t(j - 1)], nest.loops[size_t(j)]);
  int merged = 0;  // loops kept so far, less one
  for (int i = 1; i < nest.count; ++i) {
    Loop& outer = nest.loops[size_t(merged)];
    const Loop& next = nest.loops[size_t(i)];
    if (outer.to == next.to * next.size && outer.from == next.from * next.size)
      outer = {outer.size * next.size, next.to, next.from};
    else
      nest.loops[size_t(++merged)] = next;
  }
  nest.count = nest.count == 0 ? 0 : merged + 1;
  if (nest.count == 0) nest.loops[size_t(nest.count++)] = {1, 1, 1};
  return nest;
}

/// A place in the outer loops, counted through like an odometer.
class Walk {
 public:
  Walk(const Nest& nest, int inner_loops, int64_t position)
      : nest_(nest), outer_(nest.count - inner_loops) {
    for (int i = outer_ - 1; i >= 0; --i) {
      const Loop& loop = nest.loops[size_t(i)];
      index_[size_t(i)] = position % loop.size;
      position /= loop.size;
      to += index_[size_t(i)] * loop.to;
      from += index_[size_t(i)] * loop.from;
    }
  }
  void next() {
    for (int i = outer_ - 1; i >= 0; --i) {
      const Loop& loop = nest_.loops[size_t(i)];
      to += loop.to;
      from += loop.from;
      if (++index_[size_t(i)] < loop.size) return;
      index_[size_t(i)] = 0;
      to -= loop.size * loop.to;
      from -= loop.size * loop.from;
    }
  }

  int64_t to = 0, from = 0;

 private:
  const Nest& nest_;
  int outer_;
  std::array<int64_t, max_dims> index_{};
};

/// Calls row(walk, begin, end) for stretches of the innermost of `inner_loops` loops of that size,
/// cut so that a task has about `grain` elements.
template <class F>
void for_stretches(const Nest& nest, int inner_loops, int64_t size, int64_t stretch,
                   int64_t elements, const F& row) {
  const int64_t pieces = (size + stretch - 1) / stretch;  // of one row
  const int64_t units = nest.rows(inner_loops) * pieces;
  parallel_for(0, units, std::max<int64_t>(1, grain / elements), [&](int64_t begin, int64_t end) {
    Walk walk(nest, inner_loops, begin / pieces);
    int64_t piece = begin % pieces;
    for (int64_t unit = begin; unit < end; ++unit) {
      row(walk, piece * stretch, std::min(size, (piece + 1) * stretch));
      if (++piece < pieces) continue;
      piece = 0;
      walk.next();
    }
  });
}

template <class T>
void copy_rows(Nest& nest, T* to, const T* from) {
  const Loop inner = nest.inner();
  const int64_t stretch = std::min(inner.size, grain);
  for_stretches(nest, 1, inner.size, stretch, stretch, [&](const Walk& w, int64_t b, int64_t e) {
    T* out = to + w.to + b * inner.to;
    const T* in = from + w.from + b * inner.from;
    if (inner.to == 1 && inner.from == 1) {
      std::memcpy(out, in, size_t(e - b) * sizeof(T));
    } else if (inner.to == 1) {
      for (int64_t i = 0; i < e - b; ++i) out[i] = in[i * inner.from];
    } else {
      for (int64_t i = 0; i < e - b; ++i) out[i * inner.to] = in[i * inner.from];
    }
  });
}

/// One square: out[i * row + j] = in[i + j * column]. By way of a buffer, because rows and columns
/// whose distance is a power of two push each other out of the first-level cache.
template <class T>
void copy_tile(T* out, int64_t row, const T* in, int64_t column, int64_t rows, int64_t columns) {
  T buffer[tile][tile];
  for (int64_t j = 0; j < columns; ++j) std::copy_n(in + j * column, rows, buffer[j]);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) out[i * row + j] = buffer[j][i];
}

/// The destination is dense along the innermost loop, the source along the one before.
template <class T>
void copy_transposed(Nest& nest, T* to, const T* from) {
  const Loop across = nest.loops[size_t(nest.count - 2)], along = nest.inner();
  const int64_t elements = tile * along.size;
  for_stretches(nest, 2, across.size, tile, elements, [&](const Walk& w, int64_t b, int64_t e) {
    for (int64_t j = 0; j < along.size; j += tile)
      copy_tile(to + w.to + b * across.to + j, across.to, from + w.from + b + j * along.from,
                along.from, e - b, std::min(tile, along.size - j));
  });
}

/// Brings the loop along which the source is dense next to the innermost one, where that pays.
bool arrange_transposition(Nest& nest) {
  const Loop inner = nest.inner();
  if (inner.to != 1 || inner.from == 1 || inner.size < 4) return false;
  for (int i = nest.count - 2; i >= 0; --i) {
    const Loop& loop = nest.loops[size_t(i)];
    if (loop.from != 1 || loop.size < 4) continue;
    const auto first = nest.loops.begin() + i;
    std::rotate(first, first + 1, nest.loops.begin() + nest.count - 1);
    return true;
  }
  return false;
}

template <class T>
void copy_as(Nest& nest, std::byte* to, const std::byte* from) {
  T* out = reinterpret_cast<T*>(to);
  const T* in = reinterpret_cast<const T*>(from);
  arrange_transposition(nest) ? copy_transposed(nest, out, in) : copy_rows(nest, out, in);
}

}  // namespace

void copy_strided(const Shape& shape, int64_t element_bytes, CopyTarget to, CopySource from) {
  if (numel(shape) == 0) return;
  Nest nest = make_nest(shape, to.strides, from.strides);
  switch (element_bytes) {
    case 1:
      return copy_as<uint8_t>(nest, to.data, from.data);
    case 4:
      return copy_as<uint32_t>(nest, to.data, from.data);
    default:
      return copy_as<uint64_t>(nest, to.data, from.data);
  }
}

void copy_elements(const Tensor& to, const Tensor& from) {
  copy_strided(to.shape(), size_of(to.dtype()),
               {static_cast<std::byte*>(to.raw_mutable_data()), to.strides()},
               {static_cast<const std::byte*>(from.raw_data()), from.strides()});
}

}  // namespace heed::detail
