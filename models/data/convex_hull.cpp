#include "heed/models/data/convex_hull.h"

#include <algorithm>
#include <numeric>

#include "heed/core/creation.h"
#include "heed/core/error.h"

namespace heed::data {
namespace {

/// Twice the area of the triangle o, a, b; positive when it turns to the left.
double turn(const Point& o, const Point& a, const Point& b) {
  return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

/// Half of the hull: the points in this order, without those where it would not turn left.
std::vector<int64_t> chain(std::span<const Point> points, std::span<const int64_t> order) {
  std::vector<int64_t> corners;
  for (const int64_t i : order) {
    while (corners.size() >= 2 && turn(points[size_t(corners.end()[-2])],
                                       points[size_t(corners.back())], points[size_t(i)]) <= 0)
      corners.pop_back();
    corners.push_back(i);
  }
  return corners;
}

void lowest_first(std::vector<int64_t>& corners) {
  std::ranges::rotate(corners, std::ranges::min_element(corners));
}

/// The corners from the lowest, without the repeated one at the end.
std::vector<int64_t> canonical(std::span<const int64_t> given) {
  std::vector<int64_t> corners(given.begin(), given.end());
  if (corners.size() > 1 && corners.front() == corners.back()) corners.pop_back();
  lowest_first(corners);
  return corners;
}

/// Random numbers as f32 holds them: the hull is that of the points which a model reads.
double real(Generator& generator) { return double(int64_t(generator.real() * 0x1p24)) * 0x1p-24; }

void fill_row(const std::vector<int64_t>& words, Tensor& rows, int64_t b) {
  std::ranges::copy(words, rows.mutable_data<int64_t>() + b * rows.size(1));
}

}  // namespace

std::vector<int64_t> convex_hull(std::span<const Point> points) {
  std::vector<int64_t> order(points.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](int64_t i) { return points[size_t(i)]; });
  std::vector<int64_t> corners = order;
  if (points.size() >= 3) {
    corners = chain(points, order);
    std::ranges::reverse(order);
    const std::vector<int64_t> upper = chain(points, order);
    corners.pop_back();
    corners.insert(corners.end(), upper.begin(), upper.end() - 1);
  }
  if (!corners.empty()) lowest_first(corners);
  for (int64_t& corner : corners) ++corner;
  return corners;
}

bool same_polygon(std::span<const int64_t> given_a, std::span<const int64_t> given_b) {
  const std::vector<int64_t> a = canonical(given_a);
  std::vector<int64_t> b = canonical(given_b);
  if (a == b) return true;
  if (!b.empty()) std::reverse(b.begin() + 1, b.end());
  return a == b;
}

HullBatch hull_batch(int64_t size, int64_t least, int64_t most, Generator& generator) {
  require(size >= 1 && least >= 1 && most >= least,
          "hull_batch: expected a size of at least 1 and 1 <= least <= most, got ", size, ", ",
          least, " and ", most);
  HullBatch batch{.points = zeros({size, most, 2}),
                  .lengths = empty({size}, {.dtype = i64}),
                  .target_in = zeros({size, most + 2}, {.dtype = i64}),
                  .target_out = full({size, most + 2}, -100, {.dtype = i64}),
                  .hulls = {}};
  for (int64_t b = 0; b < size; ++b) {
    std::vector<Point> points(size_t(least + generator.integer(most - least + 1)));
    float* row = batch.points.mutable_data<float>() + b * most * 2;
    for (Point& point : points)
      for (double& x : point) *row++ = float(x = real(generator));
    batch.lengths.mutable_data<int64_t>()[b] = int64_t(points.size());
    batch.hulls.push_back(convex_hull(points));
    std::vector<int64_t> words = batch.hulls.back();
    words.push_back(words.front());
    words.push_back(0);
    fill_row(words, batch.target_out, b);
    words.insert(words.begin(), words.back());
    words.pop_back();
    fill_row(words, batch.target_in, b);
  }
  return batch;
}

}  // namespace heed::data
