#include "heed/models/show/attention_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "heed/core/convert.h"
#include "heed/core/error.h"
#include "heed/core/io/utf8.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr int longest_row_label = 20;
constexpr std::size_t tallest_column_label = 12;
constexpr std::array<double, 4> steps = {0.05, 0.2, 0.4, 0.7};  // where the next shade begins
constexpr std::array<std::string_view, 5> blocks = {" ", "░", "▒", "▓", "█"};
constexpr std::array<std::string_view, 5> ascii = {" ", ".", ":", "+", "#"};
// From near black over purple and orange to pale yellow: it reads on light and dark terminals.
constexpr std::array<int, 9> heat = {234, 53, 90, 125, 167, 209, 215, 222, 230};

// One picture being drawn: what all its panels share.
struct Canvas {
  const AttentionMap& map;
  DrawOptions options;
  std::vector<std::string> rows = {};  // labels of the targets, all `label_width` wide
  std::vector<std::vector<std::string>> columns =
      {};  // labels of the sources, a character per line
  int label_width = 0;
  int cell_width = 1;
  std::string out = {};

  std::string_view pick(std::string_view unicode, std::string_view ascii) const {
    return options.unicode ? unicode : ascii;
  }
};

std::string repeat(std::string_view piece, std::size_t times) {
  std::string out;
  while (times-- > 0) out += piece;
  return out;
}

std::string spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

std::string shade(const Canvas& canvas, double weight, int columns) {
  const auto width = static_cast<std::size_t>(columns);
  if (canvas.options.colour) {
    const auto last = static_cast<double>(heat.size() - 1);
    const auto level = static_cast<std::size_t>(std::lround(std::clamp(weight, 0.0, 1.0) * last));
    return "\x1b[48;5;" + std::to_string(heat[level]) + "m" + repeat(" ", width);
  }
  const auto level = static_cast<std::size_t>(std::upper_bound(steps.begin(), steps.end(), weight) -
                                              steps.begin());
  return repeat(canvas.options.unicode ? blocks[level] : ascii[level], width);
}

std::string_view end_of_shades(const Canvas& canvas) {
  return canvas.options.colour ? "\x1b[0m" : "";
}

/// Which of many columns are labelled, if they are numbers one after the other: the others follow.
constexpr int labelled_each = 12;

std::optional<int> integer(std::string_view label) {
  int value = 0;
  const auto [end, code] = std::from_chars(label.data(), label.data() + label.size(), value);
  const bool whole = code == std::errc() && end == label.data() + label.size();
  return whole ? std::optional(value) : std::nullopt;
}

/// Are there many labels, each the number after that before it?
bool counts_on(const std::vector<std::string>& labels) {
  if (labels.size() <= 2 * labelled_each) return false;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto value = integer(labels[i]);
    if (!value || (i > 0 && *value != *integer(labels[i - 1]) + 1)) return false;
  }
  return true;
}

Canvas prepare(const AttentionMap& map, const DrawOptions& options) {
  Canvas canvas{.map = map, .options = options};
  for (const std::string& token : map.target) {
    const std::string_view dots = canvas.pick("…", "~");
    canvas.rows.push_back(cut(printable(token, options.unicode), longest_row_label, dots));
    canvas.label_width = std::max(canvas.label_width, display_width(canvas.rows.back()));
  }
  for (std::string& row : canvas.rows)
    row.insert(0, spaces(canvas.label_width - display_width(row)));
  int widest = 1;
  const bool few = counts_on(map.source);
  for (const std::string& token : map.source) {
    const bool labelled = !few || *integer(token) % labelled_each == 0;
    auto label = characters(labelled ? printable(token, options.unicode) : "");
    if (label.size() > tallest_column_label) {
      label.resize(tallest_column_label - 1);
      label.emplace_back(canvas.pick("…", "~"));
    }
    for (const std::string& piece : label) widest = std::max(widest, display_width(piece));
    canvas.columns.push_back(std::move(label));
  }
  const int room = options.width - canvas.label_width - 4;
  const bool fits_doubled = static_cast<int>(map.source.size()) * 2 <= room;
  canvas.cell_width = fits_doubled ? 2 : widest;  // two columns make a cell about square
  return canvas;
}

// The source tokens first..last, upright, standing on the map.
void add_column_labels(Canvas& canvas, std::size_t first, std::size_t last) {
  std::size_t height = 0;
  for (std::size_t s = first; s < last; ++s) height = std::max(height, canvas.columns[s].size());
  for (std::size_t line = 0; line < height; ++line) {
    std::string text = spaces(canvas.label_width + 2);
    for (std::size_t s = first; s < last; ++s) {
      const auto& label = canvas.columns[s];
      const std::size_t missing = height - label.size();
      const std::string piece = line < missing ? " " : label[line - missing];
      text += piece + spaces(canvas.cell_width - display_width(piece));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    canvas.out += text + '\n';
  }
}

void add_panel(Canvas& canvas, std::size_t first, std::size_t last) {
  add_column_labels(canvas, first, last);
  const auto width = (last - first) * static_cast<std::size_t>(canvas.cell_width);
  const std::string edge = repeat(canvas.pick("─", "-"), width);
  const std::string margin = spaces(canvas.label_width + 1);
  canvas.out.append(margin).append(canvas.pick("┌", "+")) += edge;
  canvas.out.append(canvas.pick("┐", "+")) += '\n';
  for (std::size_t t = 0; t < canvas.rows.size(); ++t) {
    canvas.out.append(canvas.rows[t]).append(" ").append(canvas.pick("│", "|"));
    for (std::size_t s = first; s < last; ++s)
      canvas.out += shade(canvas, canvas.map.at(t, s), canvas.cell_width);
    canvas.out.append(end_of_shades(canvas)).append(canvas.pick("│", "|")) += '\n';
  }
  canvas.out.append(margin).append(canvas.pick("└", "+")) += edge;
  canvas.out.append(canvas.pick("┘", "+")) += '\n';
}

void add_legend(Canvas& canvas) {
  canvas.out += spaces(canvas.label_width + 2);
  if (canvas.options.colour) {
    canvas.out += "0 ";
    for (std::size_t i = 0; i < heat.size(); ++i)
      canvas.out += shade(canvas, static_cast<double>(i) / static_cast<double>(heat.size() - 1), 2);
    canvas.out.append(end_of_shades(canvas)) += " 1\n";
    return;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    canvas.out += i == 0 ? "" : "   ";
    canvas.out += shade(canvas, steps[i], 2) + ' ' + fixed(steps[i], i == 0 ? 2 : 1);
  }
  canvas.out += " or more\n";
}

}  // namespace

AttentionMap attention_map(std::string_view source, std::string_view target,
                           const Tensor& weights) {
  const Tensor values = contiguous(to(weights, f64));
  const double* first = values.data<double>();
  AttentionMap map{
      utf8_characters(source), utf8_characters(target), {first, first + values.numel()}};
  validate(map);
  return map;
}

void validate(const AttentionMap& map) {
  const std::size_t rows = map.target.size();
  const std::size_t columns = map.source.size();
  const std::size_t count = map.weights.size();
  const bool fits = columns == 0 ? count == 0 : count % columns == 0 && count / columns == rows;
  require(fits, "AttentionMap: ", rows, " target x ", columns,
          " source tokens need as many weights", ", got ", count);
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = map.weights[i];
    require(weight >= -1e-6 && weight <= 1 + 1e-6, "AttentionMap: weight of target ", i / columns,
            ", source ", i % columns, " must lie in [0, 1], got ", weight);
  }
}

std::string draw(const AttentionMap& map, const DrawOptions& options) {
  validate(map);
  Canvas canvas = prepare(map, options);
  if (!map.title.empty()) canvas.out += printable_line(map.title, options.unicode) + '\n';
  const int room = options.width - canvas.label_width - 4;
  const auto panel = static_cast<std::size_t>(std::max(room / canvas.cell_width, 1));
  const std::size_t columns = map.source.size();
  for (std::size_t first = 0; first < columns; first += panel)
    add_panel(canvas, first, std::min(first + panel, columns));
  add_legend(canvas);
  return canvas.out;
}

}  // namespace heed::show
