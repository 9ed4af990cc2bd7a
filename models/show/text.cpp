#include "heed/models/show/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "heed/core/io/utf8.h"

namespace heed::show {
namespace {

constexpr std::string_view replacement = "\uFFFD";

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// Reads the code point at `at`; what is not UTF-8 is taken byte by byte.
CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (!valid_utf8(text.substr(at, bytes))) return {};
  std::uint32_t value = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6 | (byte(at + i) & 0x3FU);
  return {value, bytes, true};
}

// Controls, and the invisible characters that reorder or hide what stands beside them.
bool deceives(std::uint32_t c) {
  return (c >= 0x80 && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x200B || c == 0x200E ||
         c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

std::string shown(std::string_view piece, const CodePoint& c, bool unicode, bool keep_spaces) {
  if (c.valid && c.value == ' ') return keep_spaces ? " " : unicode ? "␣" : "_";
  if (c.valid && c.value > ' ' && c.value < 0x7F) return std::string(piece);
  if (!unicode)
    return keep_spaces && piece == "→" ? "->" : keep_spaces && piece == "…" ? "..." : "?";
  if (c.valid && c.value < ' ') return {'\xE2', '\x90', static_cast<char>(0x80 + c.value)};
  if (c.valid && c.value == 0x7F) return "␡";
  return std::string(!c.valid || deceives(c.value) ? replacement : piece);
}

std::string shown_text(std::string_view text, bool unicode, bool keep_spaces) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point(text, at);
    const std::string piece = shown(text.substr(at, c.bytes), c, unicode, keep_spaces);
    if (at == 0 && display_width(piece) == 0) out = "◌";
    out += piece;
    at += c.bytes;
  }
  return out;
}

}  // namespace

std::string printable(std::string_view token, bool unicode) {
  return shown_text(token, unicode, false);
}

std::string printable_line(std::string_view line, bool unicode) {
  return shown_text(line, unicode, true);
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point(text, at);
    const std::string_view piece = text.substr(at, c.bytes);
    if (!out.empty() && c.valid && display_width(piece) == 0)
      out.back() += piece;
    else
      out.emplace_back(piece);
    at += c.bytes;
  }
  return out;
}

std::string cut(std::string_view text, int width, std::string_view dots) {
  if (display_width(text) <= width) return std::string(text);
  const int room = width - display_width(dots);
  std::string out;
  int used = 0;
  for (const std::string& piece : characters(text)) {
    used += display_width(piece);
    if (used > room) break;
    out += piece;
  }
  return room < 0 ? out : out.append(dots);
}

std::string grouped(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (int i = int(digits.size()) - 3; i > (count < 0 ? 1 : 0); i -= 3) {
    digits.insert(std::size_t(i), ",");
  }
  return digits;
}

std::string counted(std::int64_t count, std::string_view things) {
  if (count == 1) things.remove_suffix(1);
  return grouped(count) + " " + std::string(things);
}

std::string fixed(double value, int digits) {
  std::array<char, 400> buffer;  // the largest double has 309 digits before the point
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, digits);
  return {buffer.data(), end.ptr};
}

std::string brief(double value, int digits) {
  const double size = std::fabs(value);
  if (size == 0 || !std::isfinite(value) || (size >= std::pow(0.1, digits) && size < 1e7)) {
    return fixed(value, digits);
  }
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific, 2);
  return {buffer.data(), end.ptr};
}

}  // namespace heed::show
