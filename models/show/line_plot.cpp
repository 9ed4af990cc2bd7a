#include "heed/models/show/line_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "heed/core/io/html.h"
#include "heed/core/io/utf8.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr double left = 74, top = 44, width = 480, height = 260;  // of the field, in pixels
constexpr int colours = 6;

constexpr std::string_view style = R"(
.heed-plot{--back:#fff;--ink:#1c2128;--soft:#6a737d;--grid:#e3e7ec;
--c0:#2545b8;--c1:#c2410c;--c2:#15803d;--c3:#9333ea;--c4:#0e7490;--c5:#a16207}
@media(prefers-color-scheme:dark){
.heed-plot{--back:#171b21;--ink:#e8ebef;--soft:#98a2ae;--grid:#2b323b;
--c0:#8ea8ff;--c1:#ffb454;--c2:#7ddc8f;--c3:#d6a8ff;--c4:#6fd6e8;--c5:#e6c95c}}
.heed-plot .back{fill:var(--back)}
.heed-plot .grid{stroke:var(--grid)}
.heed-plot text{fill:var(--ink);font:12px system-ui,sans-serif}
.heed-plot .head{font-weight:600;font-size:14px}
.heed-plot .soft{fill:var(--soft)}
)";

// Viewers that know no CSS variables see these, the light ones.
constexpr std::string_view light[colours] = {"#2545b8", "#c2410c", "#15803d",
                                             "#9333ea", "#0e7490", "#a16207"};

double place(Scale scale, double value) {
  return scale == Scale::linear ? value : value > 0 ? std::log10(value) : NAN;
}

struct Tick {
  double at;  // on the scale: of a logarithmic one the exponent
  std::string label;
};

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::vector<Tick> ticks;

  void include(double at) {
    if (std::isfinite(at)) low = std::min(low, at), high = std::max(high, at);
  }
  double share(double at) const { return (at - low) / (high - low); }
};

// value = mantissa 10^exponent, short: 0.02, 500, 2e-7.
std::string power_label(int mantissa, int exponent) {
  if (exponent < -3 || exponent > 5)
    return std::to_string(mantissa) + "e" + std::to_string(exponent);
  return fixed(mantissa * std::pow(10.0, exponent), std::max(0, -exponent));
}

void make_linear_ticks(Range& range) {
  const double raw = (range.high - range.low) / 5, power = std::floor(std::log10(raw));
  const double unit = std::pow(10.0, power), ratio = raw / unit;
  const double step = unit * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
  range.low = std::floor(range.low / step + 1e-9) * step;
  range.high = std::ceil(range.high / step - 1e-9) * step;
  const int digits = std::clamp(int(-std::floor(std::log10(step) + 1e-9)), 0, 9);
  for (int i = 0; i <= int(std::lround((range.high - range.low) / step)); ++i) {
    const double at = range.low + i * step;
    range.ticks.push_back({at, fixed(std::abs(at) < step / 2 ? 0 : at, digits)});
  }
}

// Whole decades; where there are few, 2 and 5 of each as well; where there are many, one in a few.
void make_logarithmic_ticks(Range& range) {
  const int first = int(std::floor(range.low)), last = int(std::ceil(range.high));
  const bool few = range.high - range.low < 2.5;
  const int every = std::max(1, (last - first + 5) / 6);
  for (int e = first; e <= last; ++e) {
    if (!few && e % every != 0) continue;
    for (const int mantissa : {1, 2, 5}) {
      const double at = e + std::log10(mantissa);
      const bool inside = at > range.low - 1e-9 && at < range.high + 1e-9;
      if (inside && (few || mantissa == 1)) range.ticks.push_back({at, power_label(mantissa, e)});
    }
  }
}

Range make_range(const LinePlot& plot, const Axis& axis, bool of_x) {
  Range range;
  for (const Series& series : plot.series)
    for (const auto& [x, y] : series.points)
      if (std::isfinite(place(plot.x.scale, x)) && std::isfinite(place(plot.y.scale, y)))
        range.include(place(axis.scale, of_x ? x : y));
  if (range.low > range.high) range.low = 0, range.high = 1;
  const double least = std::max(std::abs(range.low), 1.0) * 1e-6;
  if (range.high - range.low < least) range.low -= 0.5, range.high += 0.5;
  if (axis.scale == Scale::linear) {
    make_linear_ticks(range);
  } else {
    make_logarithmic_ticks(range);
  }
  return range;
}

std::string attribute(std::string_view name, double value) {
  return std::string(" ").append(name) + "=\"" + fixed(value, 1) + '"';
}

std::string words(std::string_view how, double x, double y, std::string_view text) {
  return "<text fill=\"#1c2128\"" + std::string(how) + attribute("x", x) + attribute("y", y) + '>' +
         escape_html(printable_line(text)) + "</text>\n";
}

std::string grid_line(double x1, double y1, double x2, double y2) {
  return "<line class=\"grid\" stroke=\"#e3e7ec\"" + attribute("x1", x1) + attribute("y1", y1) +
         attribute("x2", x2) + attribute("y2", y2) + "/>\n";
}

std::string axes(const LinePlot& plot, const Range& across, const Range& up) {
  std::string out;
  const double bottom = top + height;
  for (const auto& [at, label] : across.ticks) {
    const double x = left + across.share(at) * width;
    out += grid_line(x, top, x, bottom);
    out += words(" class=\"soft\" text-anchor=\"middle\"", x, bottom + 18, label);
  }
  for (const auto& [at, label] : up.ticks) {
    const double y = bottom - up.share(at) * height;
    out += grid_line(left, y, left + width, y);
    out += words(" class=\"soft\" text-anchor=\"end\"", left - 8, y + 4, label);
  }
  out += words(" text-anchor=\"middle\"", left + width / 2, bottom + 38, plot.x.name);
  const std::string middle = fixed(top + height / 2, 1);
  return out + words(" text-anchor=\"middle\" transform=\"rotate(-90 18 " + middle + ")\"", 18,
                     top + height / 2, plot.y.name);
}

// A dot is a line of length 0 with round ends.
std::string stroke(size_t number, const Series& series) {
  const std::string c = std::to_string(number % colours);
  return " fill=\"none\" stroke-width=\"" + std::string(series.dots ? "7" : "2") + "\" stroke=\"" +
         std::string(light[number % colours]) + "\" style=\"stroke:var(--c" + c + ")\"" +
         (series.dashed ? " stroke-dasharray=\"6 4\"" : "") + " stroke-linecap=\"round\"";
}

std::string line(const LinePlot& plot, size_t number, const Range& across, const Range& up) {
  const Series& series = plot.series[number];
  std::string path;
  bool joined = false;
  for (const auto& [x, y] : series.points) {
    const double at_x = place(plot.x.scale, x), at_y = place(plot.y.scale, y);
    const bool there = std::isfinite(at_x) && std::isfinite(at_y);
    if (there)
      path += (joined ? 'L' : 'M') + fixed(left + across.share(at_x) * width, 1) + ' ' +
              fixed(top + (1 - up.share(at_y)) * height, 1) + (series.dots ? "h0" : "");
    joined = there && !series.dots;
  }
  const double x = left + width + 16, y = top + 8 + 20 * double(number);
  const std::string how = stroke(number, series);
  std::string out = "<path stroke-linejoin=\"round\"" + how + " d=\"" + path + "\"/>\n";
  out += "<line" + how + attribute("x1", series.dots ? x + 11 : x) + attribute("y1", y) +
         attribute("x2", series.dots ? x + 11 : x + 22) + attribute("y2", y) + "/>\n";
  return out + words("", x + 28, y + 4, series.name);
}

}  // namespace

std::string svg(const LinePlot& plot) {
  const Range across = make_range(plot, plot.x, true), up = make_range(plot, plot.y, false);
  int label = 0;
  for (const Series& series : plot.series)
    label = std::max(label, display_width(printable_line(series.name)));
  const double whole_width = left + width + 56 + 7 * label, whole_height = top + height + 54;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"heed-plot\" role=\"img\"";
  out += " font-family=\"sans-serif\" font-size=\"12\"" + attribute("width", whole_width) +
         attribute("height", whole_height) + " viewBox=\"0 0 " + fixed(whole_width, 1) + ' ' +
         fixed(whole_height, 1) + "\">\n<title>" + escape_html(printable_line(plot.title)) +
         "</title>\n<style>" + std::string(style) + "</style>\n";
  out += "<rect class=\"back\" fill=\"#fff\" rx=\"10\"" + attribute("width", whole_width) +
         attribute("height", whole_height) + "/>\n";
  out += words(" class=\"head\"", 16, 26, plot.title) + axes(plot, across, up);
  for (size_t i = 0; i < plot.series.size(); ++i) out += line(plot, i, across, up);
  return out + "</svg>\n";
}

}  // namespace heed::show
