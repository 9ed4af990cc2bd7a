#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "heed/core/generator.h"
#include "heed/core/tensor.h"

/// The task of Vinyals, Fortunato & Jaitly 2015, "Pointer networks", section 3.1: which of some
/// points in the plane are the corners of their convex hull, and in which order?
namespace heed::data {

using Point = std::array<double, 2>;

/// The corners of the convex hull as numbers of points from 1, counter-clockwise from the lowest
/// number; points on an edge are no corners. All numbers in order for fewer than three points.
/// Andrew 1979, "Another efficient algorithm for convex hulls in two dimensions".
std::vector<int64_t> convex_hull(std::span<const Point> points);

/// Do two lists of corners go round the same polygon? From any corner, either way, with the first
/// corner again at the end or without.
bool same_polygon(std::span<const int64_t> a, std::span<const int64_t> b);

/// Sets of points and what to write for them, in the words of models::Pointer: 0 begins and ends, a
/// number from 1 is a point.
struct HullBatch {
  Tensor points;                            ///< (B, S, 2) f32 in [0, 1), padded with zeros
  Tensor lengths;                           ///< (B) i64
  Tensor target_in;                         ///< (B, T) i64: 0 and the target
  Tensor target_out;                        ///< (B, T) i64: the target and 0, -100 after it
  std::vector<std::vector<int64_t>> hulls;  ///< as convex_hull gives them
};

/// `size` sets of least to most points, every number of them as likely, uniform in the unit square.
/// The target is the hull with its first corner again at the end, as the paper writes it.
HullBatch hull_batch(int64_t size, int64_t least, int64_t most, Generator& generator);

}  // namespace heed::data
