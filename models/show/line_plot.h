#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heed::show {

enum class Scale { linear, logarithmic };

struct Axis {
  std::string name;
  Scale scale = Scale::linear;
};

/// Points joined in their order, or dots. A point that has no place (not finite, or not above 0 on
/// a logarithmic axis) leaves a gap.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points = {};  ///< x, y
  bool dashed = false;                                 ///< for what the others are compared with
  bool dots = false;
};

struct LinePlot {
  std::string title;
  Axis x = {}, y = {};
  std::vector<Series> series = {};
};

/// The plot as one self-contained SVG file with ticks at round numbers and a legend. Follows the
/// reader's light or dark scheme on a background of its own; six colours, then again from the
/// first. The same plot gives the same bytes, in any locale.
std::string svg(const LinePlot& plot);

}  // namespace heed::show
