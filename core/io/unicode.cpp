#include "heed/core/io/unicode.h"

#include <algorithm>
#include <cstdint>

#include "heed/core/io/unicode_tables.h"

namespace heed {
namespace {

constexpr char32_t capital_i_with_dot = 0x130, dot_above = 0x307;

void append_lower(std::string& text, char32_t code) {
  if (code == capital_i_with_dot) {  // the only one that becomes two
    append_utf8(text, U'i');
    return append_utf8(text, dot_above);
  }
  const auto runs = detail::unicode_lower_runs();
  const auto run = std::lower_bound(runs.begin(), runs.end(), code,
                                    [](const auto& r, char32_t c) { return r.last < c; });
  const bool upper =
      run != runs.end() && run->first <= code && (code - run->first) % run->step == 0;
  append_utf8(text, upper ? char32_t(int32_t(code) + run->difference) : code);
}

/// The Unicode Standard, section 3.12: a Hangul syllable is two or three letters.
void append_hangul(std::string& text, char32_t index) {
  append_utf8(text, 0x1100 + index / 588);
  append_utf8(text, 0x1161 + index % 588 / 28);
  if (index % 28 != 0) append_utf8(text, 0x11a7 + index % 28);
}

void append_without_marks(std::string& text, char32_t code) {
  if (code >= 0xac00 && code < 0xac00 + 11172) return append_hangul(text, code - 0xac00);
  if (character_class(code) == CharacterClass::mark) return;
  const auto table = detail::unicode_decompositions();
  const auto found = std::lower_bound(table.begin(), table.end(), code,
                                      [](const auto& row, char32_t c) { return row.from < c; });
  if (found == table.end() || found->from != code) return append_utf8(text, code);
  for (const char32_t part : found->to)
    if (part != 0) append_utf8(text, part);
}

/// Calls append(result, code point) for each character, and keeps bytes that are not UTF-8.
template <class Append>
std::string transformed(std::string_view text, const Append& append) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.length > 0) append(result, next.value);
    if (next.length == 0) result += text[0];
    text.remove_prefix(std::max(next.length, size_t{1}));
  }
  return result;
}

}  // namespace

CharacterClass character_class(char32_t code) {
  const auto starts = detail::unicode_class_starts();
  const auto next = std::upper_bound(starts.begin(), starts.end(), uint32_t(code) << 3 | 7);
  return CharacterClass(next[-1] & 7);
}

bool is_white_space(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r');
  return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
         code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

std::string lower_case(std::string_view text) { return transformed(text, append_lower); }

std::string without_accents(std::string_view text) {
  return transformed(text, append_without_marks);
}

}  // namespace heed
