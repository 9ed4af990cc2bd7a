#include "heed/models/data/series.h"

#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "heed/core/error.h"
#include "heed/models/data/lines.h"
#include "heed/models/data/shuffle.h"

namespace heed::data {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view around = " \"\t";
  const size_t begin = text.find_first_not_of(around);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(around) + 1 - begin);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  const char comma = line.find(';') != line.npos ? ';' : line.find('\t') != line.npos ? '\t' : ',';
  std::vector<std::string_view> fields;
  for (size_t begin = 0;;) {
    const size_t end = line.find(comma, begin);
    fields.push_back(trimmed(line.substr(begin, end - begin)));
    if (end == line.npos) return fields;
    begin = end + 1;
  }
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = code == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// The place of the column of that name or number, the last one for an empty text.
size_t find_column(const Line& line, const std::vector<std::string_view>& fields,
                   const std::string& column) {
  if (column.empty()) return fields.size() - 1;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i] == column) return i;
  }
  const auto place = number(column);
  if (place && *place >= 1 && *place <= double(fields.size()) && *place == std::floor(*place)) {
    return size_t(*place) - 1;
  }
  fail<FileError>(line.where(), ": there is no column ", shown(column), " among ", fields.size());
}

}  // namespace

Series read_series(const std::string& path, const std::string& column) {
  Series series;
  size_t place = 0;
  bool first = true, alone = false;
  int64_t gap = 0;  // the number of an empty line where there is one column
  for_each_line(path, [&](const Line& line) {
    if (trimmed(line.text).empty()) {
      if (!first && alone && gap == 0) gap = line.number;
      return;
    }
    if (gap > 0) fail<FileError>(path, ":", gap, ": expected a number, got an empty line");
    const auto fields = fields_of(line.text);
    alone = fields.size() == 1;
    if (first) place = find_column(line, fields, column);
    const auto value = place < fields.size() ? number(fields[place]) : std::nullopt;
    if (value) {
      series.values.push_back(*value);
    } else if (first) {
      series.name = fields[place];
    } else {
      fail<FileError>(line.where(), ": expected a number in column ", place + 1, ", got ",
                      shown(place < fields.size() ? fields[place] : std::string_view()));
    }
    first = false;
  });
  if (series.values.empty()) fail<FileError>(path, ": expected lines with numbers, got none");
  if (series.name.empty()) series.name = "column " + std::to_string(place + 1);
  return series;
}

Series made_up_series(int64_t count, uint64_t seed) {
  auto random = stream(seed, Stream::series);
  Series series{.name = "a made-up series", .values = {}};
  const auto wave = [](int64_t t, double period) {
    return std::sin(2 * std::numbers::pi * double(t) / period);
  };
  double noise = 0;
  for (int64_t t = 0; t < count; ++t) {
    noise = 0.7 * noise + 0.3 * (random.real() + random.real() + random.real() - 1.5);
    const double height = 1 + 0.5 * wave(t, 168);
    series.values.push_back(20 + 2 * wave(t, 1000) + 5 * height * wave(t, 24) + noise);
  }
  return series;
}

}  // namespace heed::data
