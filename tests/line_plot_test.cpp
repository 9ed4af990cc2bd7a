#include "heed/models/show/line_plot.h"

#include <clocale>
#include <cmath>
#include <limits>

#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::show;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

LinePlot two_lines() {
  return {.title = "gradient by distance",
          .x = {.name = "steps"},
          .y = {.name = "norm", .scale = Scale::logarithmic},
          .series = {{.name = "RNN", .points = {{0, 1}, {50, 1e-4}, {100, 1e-8}}},
                     {.name = "LSTM", .points = {{0, 1}, {100, 0.1}}, .dashed = true}}};
}

}  // namespace

TEST_CASE("a plot has its lines where its axes say") {
  const std::string picture = svg(two_lines());
  // The field is 480 x 260 at (74, 44): 1 is its top, 1e-8 its bottom, and 1e-4 the middle.
  CHECK(has(picture, "d=\"M74.0 44.0L314.0 174.0L554.0 304.0\""));
  CHECK(has(picture, ">1e-4</text>"));
  CHECK(has(picture, ">40</text>"));
  CHECK(has(picture, ">LSTM</text>"));
  CHECK(has(picture, "stroke-dasharray"));
  CHECK(has(picture, "prefers-color-scheme:dark"));
  CHECK(svg(two_lines()) == picture);
}

TEST_CASE("a series of dots joins nothing") {
  const std::string drawn =
      svg({.title = "", .series = {{.name = "", .points = {{0, 0}, {1, 1}}, .dots = true}}});
  CHECK(drawn.find("d=\"M74.0 304.0h0M554.0 44.0h0\"") != std::string::npos);
  CHECK(drawn.find("stroke-width=\"7\"") != std::string::npos);
}

TEST_CASE("ticks of a plot are round numbers around all points") {
  LinePlot plot{.title = "t", .series = {{.name = "a", .points = {{-0.3, 97.2}, {0.44, 99.9}}}}};
  const std::string picture = svg(plot);
  for (const char* label : {">-0.4<", ">0.0<", ">0.6<", ">97<", ">98<", ">100<"})
    CHECK(has(picture, label));
  plot.x.scale = Scale::logarithmic;
  plot.series[0].points = {{10, 1}, {600, 2}};
  for (const char* label : {">10<", ">20<", ">500<"}) CHECK(has(svg(plot), label));
}

TEST_CASE("points without a place leave gaps, and a plot may be empty") {
  LinePlot plot = two_lines();
  plot.series.pop_back();
  plot.series[0].points = {{0, 1}, {25, 0}, {50, 1e-4}, {75, std::nan("")}, {100, 1e-8}};
  CHECK(has(svg(plot), "d=\"M74.0 44.0M314.0 174.0M554.0 304.0\""));
  plot.series[0].points = {{std::numeric_limits<double>::infinity(), 1}};
  CHECK(has(svg(plot), "d=\"\""));
  plot.series[0].points = {{3, 7}};
  CHECK(has(svg(plot), "d=\"M314.0 174.0\""));
  plot.series.clear();
  CHECK(has(svg(plot), "</svg>"));
}

TEST_CASE("texts of a plot are escaped, and no locale changes its numbers") {
  LinePlot plot = two_lines();
  plot.title = plot.x.name = plot.series[0].name = "</title><script>&\x1b";
  const std::string picture = svg(plot);
  CHECK_FALSE(has(picture, "<script"));
  CHECK_FALSE(has(picture, "\x1b"));
  if (std::setlocale(LC_ALL, "de_DE.UTF-8")) CHECK(svg(plot) == picture);
  std::setlocale(LC_ALL, "C");
}
