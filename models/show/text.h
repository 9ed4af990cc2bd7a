#pragma once
// internal

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heed::show {

/// A token as people may see it: spaces as ␣, control characters as their pictures (ESC as ␛), and
/// what would reorder or hide text (bidirectional controls, broken UTF-8) as U+FFFD; a lone
/// combining mark stands on ◌. With `unicode` off only ASCII comes out: _ for a space, ? for
/// others. The result holds no control character, so no escape sequence either.
std::string printable(std::string_view token, bool unicode = true);

/// As `printable`, for lines such as titles, in which spaces stay spaces, and in ASCII an arrow is
/// -> and an ellipsis is three points.
std::string printable_line(std::string_view line, bool unicode = true);

/// The characters of a text as a terminal places them: each with the marks that combine with it.
/// Bytes that are not UTF-8 come as single bytes.
std::vector<std::string> characters(std::string_view text);

/// The text cut to at most `width` terminal columns; a cut text ends in `dots` (… or ~).
std::string cut(std::string_view text, int width, std::string_view dots);

/// A count with its thousands apart: grouped(105664) is "105,664".
std::string grouped(std::int64_t count);

/// A count and what is counted, given in the plural: "1 example", "2,000 examples".
std::string counted(std::int64_t count, std::string_view things);

/// A number with `digits` digits after the point, whatever the locale: fixed(0.5, 2) is "0.50".
std::string fixed(double value, int digits);

/// The same for numbers of any size: those that would be all zeros or many digits are written as
/// 1.00e+30.
std::string brief(double value, int digits);

}  // namespace heed::show
