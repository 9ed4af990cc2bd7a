#include "heed/models/show/attention_svg.h"

#include <algorithm>
#include <cstddef>

#include "heed/core/io/html.h"
#include "heed/core/io/utf8.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr int margin = 16;
constexpr int gap = 8;  // between labels and cells
constexpr int longest_label = 16;
constexpr int title_height = 28;
constexpr int legend_height = 34;
constexpr int ramp = 6;  // swatches of the legend

constexpr std::string_view style = R"(
.heed-map{--back:#fff;--ink:#1c2128;--soft:#6a737d;--field:#eef1f5;--heat:#2545b8}
@media(prefers-color-scheme:dark){
.heed-map{--back:#171b21;--ink:#e8ebef;--soft:#98a2ae;--field:#232931;--heat:#ffb454}}
.heed-map .back{fill:var(--back)}
.heed-map .field{fill:var(--field)}
.heed-map .heat{fill:var(--heat)}
.heed-map text{fill:var(--ink);font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}
.heed-map .head{font:600 14px system-ui,sans-serif}
.heed-map .soft{fill:var(--soft);font:11px system-ui,sans-serif}
)";

// Where things stand, in pixels. Label widths are estimates: 8 pixels a terminal column.
struct Layout {
  int cell = 28;
  int left = 0;  // of the first cell
  int top = 0;
  int width = 0;
  int height = 0;
  bool upright = true;  // column labels written across; otherwise turned by 45 degrees
};

std::string label(const std::string& token) { return cut(printable(token), longest_label, "…"); }

int label_pixels(const std::string& token) { return 8 * display_width(label(token)); }

Layout lay_out(const AttentionMap& map, bool headed) {
  Layout at;
  const int columns = static_cast<int>(map.source.size());
  const int rows = static_cast<int>(map.target.size());
  at.cell = std::clamp(640 / std::max({columns, rows, 1}), 14, 28);
  int row_label = 0;
  for (const std::string& token : map.target) row_label = std::max(row_label, label_pixels(token));
  int column_label = 0;
  for (const std::string& token : map.source)
    column_label = std::max(column_label, label_pixels(token));
  at.upright = column_label <= at.cell;
  const int label_height = at.upright ? 14 : column_label * 7 / 10 + 8;
  at.left = margin + row_label + gap;
  at.top = margin + (headed ? title_height : 0) + label_height + gap;
  int right = std::max(at.left + columns * at.cell, at.left + ramp * 14 + 30);
  if (headed) right = std::max(right, margin + 8 * display_width(printable_line(map.title)));
  for (int s = 0; s < columns && !at.upright; ++s)
    right = std::max(right, at.left + s * at.cell + at.cell / 2 + 8 +
                                label_pixels(map.source[static_cast<std::size_t>(s)]) * 7 / 10);
  at.width = right + margin;
  at.height = at.top + rows * at.cell + legend_height + margin;
  return at;
}

std::string attribute(std::string_view name, int value) {
  return std::string(" ").append(name) + "=\"" + std::to_string(value) + '"';
}

// Viewers that know no CSS variables see the light colours of these attributes; cells and swatches
// take theirs from the root.
std::string_view light(std::string_view kind) {
  return kind == "back" ? " fill=\"#fff\"" : kind == "field" ? " fill=\"#eef1f5\"" : "";
}

std::string rect(std::string_view kind, int x, int y, int width, int height, int corner) {
  return "<rect class=\"" + std::string(kind) + '"' + std::string(light(kind)) + attribute("x", x) +
         attribute("y", y) + attribute("width", width) + attribute("height", height) +
         attribute("rx", corner);
}

std::string words(std::string_view how, int x, int y, std::string_view text) {
  return "<text fill=\"#1c2128\"" + std::string(how) + attribute("x", x) + attribute("y", y) + '>' +
         escape_html(text) + "</text>\n";
}

std::string column_labels(const AttentionMap& map, const Layout& at) {
  std::string out;
  int x = at.left + at.cell / 2;
  for (const std::string& token : map.source) {
    const int y = at.top - gap;
    const std::string turn =
        " transform=\"rotate(-45 " + std::to_string(x + 4) + ' ' + std::to_string(y) + ")\"";
    out += at.upright ? words(" text-anchor=\"middle\"", x, y, label(token))
                      : words(turn, x + 4, y, label(token));
    x += at.cell;
  }
  return out;
}

// A row's label and cells.
std::string row(const AttentionMap& map, const Layout& at, std::size_t t) {
  const int y = at.top + static_cast<int>(t) * at.cell;
  const std::string target = printable(map.target[t]);
  std::string out =
      words(" text-anchor=\"end\"", at.left - gap, y + at.cell / 2 + 5, label(map.target[t]));
  for (std::size_t s = 0; s < map.source.size(); ++s) {
    const int x = at.left + static_cast<int>(s) * at.cell;
    const double weight = std::clamp(map.at(t, s), 0.0, 1.0);
    out += rect("heat", x + 1, y + 1, at.cell - 2, at.cell - 2, 2);
    out += " fill-opacity=\"" + fixed(weight, 3) + "\"><title>" +
           escape_html(target + " ← " + printable(map.source[s])) + ' ' + fixed(weight, 3) +
           "</title></rect>\n";
  }
  return out;
}

std::string legend(const Layout& at) {
  const int y = at.height - margin - 12;
  std::string out = words(" class=\"soft\"", at.left, y + 10, "0");
  out += rect("field", at.left + 11, y - 1, ramp * 14, 14, 3) + "/>";
  for (int i = 0; i < ramp; ++i)
    out += rect("heat", at.left + 12 + i * 14, y, 12, 12, 2) + " fill-opacity=\"" +
           fixed(i / (ramp - 1.0), 1) + "\"/>";
  return out + '\n' + words(" class=\"soft\"", at.left + 16 + ramp * 14, y + 10, "1");
}

// The page has headings of its own: there the title is not drawn.
std::string picture(const AttentionMap& map, bool standalone) {
  validate(map);
  const bool headed = standalone && !map.title.empty();
  const Layout at = lay_out(map, headed);
  const int columns = static_cast<int>(map.source.size());
  const int rows = static_cast<int>(map.target.size());
  const std::string title = map.title.empty() ? "Attention map" : printable_line(map.title);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"heed-map\" role=\"img\"";
  out += " fill=\"#2545b8\" font-family=\"monospace\" font-size=\"13\"";
  out += attribute("width", at.width) + attribute("height", at.height) + " viewBox=\"0 0 " +
         std::to_string(at.width) + ' ' + std::to_string(at.height) + "\">\n<title>" +
         escape_html(title) + "</title>\n";
  if (standalone) out.append("<style>").append(style) += "</style>\n";
  out += rect("back", 0, 0, at.width, at.height, 10) + "/>\n";
  if (headed) out += words(" class=\"head\"", margin, margin + 14, title);
  out += column_labels(map, at);
  out += rect("field", at.left - 2, at.top - 2, columns * at.cell + 4, rows * at.cell + 4, 4);
  out += "/>\n";
  out += "<g class=\"cells\">\n";
  for (std::size_t t = 0; t < map.target.size(); ++t) out += row(map, at, t);
  out += "</g>\n";
  return out + legend(at) + "</svg>\n";
}

}  // namespace

std::string svg(const AttentionMap& map) { return picture(map, true); }

std::string svg_for_page(const AttentionMap& map) { return picture(map, false); }

std::string_view svg_style() { return style; }

}  // namespace heed::show
