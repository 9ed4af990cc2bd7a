#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heed {

/// Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above
/// U+10FFFF.
bool valid_utf8(std::string_view text);

/// Throws FileError "utf8: byte 3 (0xff) is not valid UTF-8" (counted from 0) unless the text is.
void check_utf8(std::string_view text);

/// The code points of the text, each as its own UTF-8 string. Throws what check_utf8 throws.
std::vector<std::string> utf8_characters(std::string_view text);

struct CodePoint {
  char32_t value = 0;
  size_t length = 0;  ///< in bytes; 0 when the bytes are not UTF-8
};

/// Whether a byte of well-formed UTF-8 goes on with the code point before it.
inline bool continues_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// How many code points a text of well-formed UTF-8 has.
inline int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !continues_code_point(c); });
}

/// The first code point of a text that is not empty.
CodePoint first_code_point(std::string_view text);

/// Appends a code point, at most U+10FFFF, as UTF-8.
void append_utf8(std::string& text, char32_t code_point);

/// The text with U+FFFD in place of every byte that is not UTF-8: what a model writes byte by byte
/// may be anything.
std::string repaired_utf8(std::string_view text);

/// Columns that the text takes in a terminal: 2 for East Asian wide characters and emoji, 0 for
/// combining marks and joiners, 1 for every other code point and for each byte that is not UTF-8.
int display_width(std::string_view text);

}  // namespace heed
