#include "heed/models/show/attention_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "heed/core/io/html.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr int margin = 12;
constexpr int reach = 130;  // of the longest edge beside the nodes
constexpr int longest_label = 16;
constexpr double faintest = 0.02;

// Where things stand, in pixels. Label widths are estimates: 8 pixels a terminal column.
struct Layout {
  int count = 0;
  int step = 26;
  int left = margin + reach, right = 0;  // sides of the nodes
  int width = 0, height = 0;

  int y(std::size_t i) const { return margin + step / 2 + static_cast<int>(i) * step; }
};

std::string label(const std::string& token) { return cut(printable(token), longest_label, "…"); }

int columns(const std::string& text) { return static_cast<int>(characters(text).size()); }

Layout lay_out(const AttentionMap& map, bool forwards) {
  Layout at{.count = static_cast<int>(map.source.size())};
  at.step = at.count > 32 ? 20 : 26;
  int label_width = 1;
  for (const std::string& token : map.source)
    label_width = std::max(label_width, columns(label(token)));
  at.right = at.left + 8 * label_width + 30;
  at.width = at.right + margin + (forwards ? reach : 0);
  at.height = 2 * margin + at.count * at.step;
  return at;
}

std::string attribute(const char* name, int value) {
  return std::string(" ") + name + "=\"" + std::to_string(value) + '"';
}

// From the side of reader t to the side of s, the further out the longer.
std::string edge(const Layout& at, std::size_t t, std::size_t s, double weight) {
  const int from = at.y(t), to = at.y(s), side = s < t ? at.left : at.right;
  const int distance = std::abs(static_cast<int>(t) - static_cast<int>(s));
  const int out = 10 + (reach - 10) * distance / std::max(at.count - 1, 1);
  const int bend = s < t ? side - out * 4 / 3 : side + out * 4 / 3;
  const auto point = [](int x, int y) { return std::to_string(x) + ' ' + std::to_string(y) + ' '; };
  return "<path d=\"M" + point(side, from) + "C" + point(bend, from) + point(bend, to) +
         point(side, to) + "\" stroke-width=\"" + fixed(1 + 3 * weight, 2) +
         "\" stroke-opacity=\"" + fixed(weight, 3) + "\"/>\n";
}

std::string node(const Layout& at, const AttentionMap& map, std::size_t i) {
  const int y = at.y(i), height = at.step - 4;
  return "<g class=\"node\"" + attribute("data-i", static_cast<int>(i)) + "><rect" +
         attribute("x", at.left) + attribute("y", y - height / 2) +
         attribute("width", at.right - at.left) + attribute("height", height) +
         " rx=\"6\"/><circle" + attribute("cx", at.left + 11) + attribute("cy", y) +
         " r=\"4\" fill-opacity=\"" + fixed(std::clamp(map.at(i, i), 0.0, 1.0), 3) + "\"/><text" +
         attribute("x", at.left + 22) + attribute("y", y + 4) + '>' +
         escape_html(label(map.source[i])) + "</text></g>\n";
}

}  // namespace

std::string graph_for_page(const AttentionMap& map, bool forwards) {
  const Layout at = lay_out(map, forwards);
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" role=\"group\" "
      "aria-label=\"self-attention as a graph\"" +
      attribute("width", at.width) + attribute("height", at.height) + " viewBox=\"0 0 " +
      std::to_string(at.width) + ' ' + std::to_string(at.height) + '"' +
      attribute("data-step", at.step) + attribute("data-left", at.left) +
      attribute("data-right", at.right) + attribute("data-reach", reach) +
      attribute("data-top", at.y(0)) + ">\n<g class=\"edges\">\n";
  for (std::size_t t = 0; t < map.target.size(); ++t)
    for (std::size_t s = 0; s < map.source.size(); ++s)
      if (s != t && map.at(t, s) >= faintest) out += edge(at, t, s, map.at(t, s));
  out += "</g>\n";
  for (std::size_t i = 0; i < map.source.size(); ++i) out += node(at, map, i);
  return out + "</svg>\n";
}

std::string thumbnail_for_page(const AttentionMap& map) {
  constexpr std::array<double, 4> shades = {0.05, 0.2, 0.4, 0.7};
  std::array<std::string, 4> paths;
  for (std::size_t t = 0; t < map.target.size(); ++t)
    for (std::size_t s = 0; s < map.source.size(); ++s) {
      const auto shade = std::upper_bound(shades.begin(), shades.end(), map.at(t, s));
      if (shade == shades.begin()) continue;
      paths[static_cast<std::size_t>(shade - shades.begin() - 1)] +=
          "M" + std::to_string(s) + " " + std::to_string(t) + "h1v1h-1z";
    }
  std::string out = "<svg class=\"small\" aria-hidden=\"true\" viewBox=\"0 0 " +
                    std::to_string(map.source.size()) + ' ' + std::to_string(map.target.size()) +
                    "\">";
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (!paths[i].empty())
      out += "<path fill-opacity=\"" + fixed(0.25 * static_cast<double>(i + 1), 2) + "\" d=\"" +
             paths[i] + "\"/>";
  return out + "</svg>";
}

}  // namespace heed::show
