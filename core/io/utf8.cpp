#include "heed/core/io/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "heed/core/error.h"

namespace heed {
namespace {

// Base64 of whole models passes through here: eight plain bytes at a time.
size_t ascii_prefix(std::string_view text) {
  size_t count = 0;
  for (uint64_t word = 0; count + sizeof word <= text.size(); count += sizeof word) {
    std::memcpy(&word, text.data() + count, sizeof word);
    if (word & 0x8080808080808080u) break;
  }
  return count;
}

/// How many bytes at the beginning are UTF-8, up to the first that is not.
size_t valid_prefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    at += ascii_prefix(text.substr(at));
    if (at == text.size()) break;
    const size_t length = first_code_point(text.substr(at)).length;
    if (length == 0) break;
    at += length;
  }
  return at;
}

struct Range {
  char32_t first, last;
};

// Sorted. Unicode's general categories Mn and Me, as far as common scripts need them, and the
// joiners and selectors that only change their neighbours.
constexpr Range kZeroWidth[] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},     {0x64b, 0x65f},
    {0x6d6, 0x6dc},   {0x900, 0x902},   {0x93c, 0x93c},   {0x941, 0x948},     {0x94d, 0x94d},
    {0xe31, 0xe31},   {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0},   {0x3099, 0x309a},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef}};

// Sorted. The wide and fullwidth blocks of Unicode's EastAsianWidth.txt.
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},  {0x2e80, 0x303e}, {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},  {0xa960, 0xa97f}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};

template <size_t n>
bool contains(const Range (&ranges)[n], char32_t value) {
  const auto* range = std::lower_bound(ranges, ranges + n, value,
                                       [](const Range& r, char32_t v) { return r.last < v; });
  return range != ranges + n && range->first <= value;
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  char32_t value = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!continues_code_point(text[i])) return {};
    value = value << 6 | (byte & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least[length] || value > 0x10ffff || surrogate) return {};
  return {value, length};
}

void append_utf8(std::string& text, char32_t code) {
  if (code < 0x80) {
    text += char(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;  // bytes after the first
  text += char(0xff00 >> (more + 1) | code >> 6 * more);
  for (int i = more - 1; i >= 0; --i) text += char(0x80 | (code >> 6 * i & 0x3f));
}

bool valid_utf8(std::string_view text) { return valid_prefix(text) == text.size(); }

void check_utf8(std::string_view text) {
  const size_t at = valid_prefix(text);
  if (at == text.size()) return;
  constexpr const char* digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(text[at]);
  fail<FileError>("utf8: byte ", at, " (0x", digits[byte >> 4], digits[byte & 15],
                  ") is not valid UTF-8");
}

std::vector<std::string> utf8_characters(std::string_view text) {
  check_utf8(text);
  std::vector<std::string> characters;
  characters.reserve(size_t(count_code_points(text)));
  for (size_t at = 0; at < text.size(); at += characters.back().size()) {
    characters.emplace_back(text.substr(at, first_code_point(text.substr(at)).length));
  }
  return characters;
}

std::string repaired_utf8(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    const size_t length = first_code_point(text).length;
    if (length == 0) {
      append_utf8(repaired, 0xfffd);
    } else {
      repaired += text.substr(0, length);
    }
    text.remove_prefix(std::max(length, size_t{1}));
  }
  return repaired;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const auto [value, length] = first_code_point(text);
    width += contains(kZeroWidth, value) ? 0 : contains(kWide, value) ? 2 : 1;
    text.remove_prefix(std::max(length, size_t{1}));
  }
  return width;
}

}  // namespace heed
