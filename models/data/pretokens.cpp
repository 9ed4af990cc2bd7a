#include "heed/models/data/pretokens.h"

#include <algorithm>
#include <cstdint>

#include "heed/core/io/unicode.h"

namespace heed::data {
namespace {

enum class Kind { letter, number, space, other };

struct Character {
  Kind kind;
  size_t length;
};

Kind kind_of(char32_t code) {
  if (is_white_space(code)) return Kind::space;
  const CharacterClass found = character_class(code);
  return found == CharacterClass::letter   ? Kind::letter
         : found == CharacterClass::number ? Kind::number
                                           : Kind::other;
}

Character first_character(std::string_view text) {
  const char c = text[0];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return {Kind::letter, 1};
  const CodePoint code = first_code_point(text);
  if (code.length == 0) return {Kind::other, 1};
  return {kind_of(code.value), code.length};
}

/// Where the run of one kind that starts at `begin` ends.
size_t run_end(std::string_view text, size_t begin, Kind kind) {
  while (begin < text.size()) {
    const Character next = first_character(text.substr(begin));
    if (next.kind != kind) break;
    begin += next.length;
  }
  return begin;
}

/// White space, but the last of several before a word belongs to what follows.
size_t white_space(std::string_view text) {
  size_t last = 0, end = 0;
  while (end < text.size()) {
    const Character next = first_character(text.substr(end));
    if (next.kind != Kind::space) break;
    last = end;
    end += next.length;
  }
  return end == text.size() || last == 0 ? end : last;
}

}  // namespace

size_t first_pretoken(std::string_view text) {
  if (text[0] == '\'') {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
      if (text.starts_with(ending)) return ending.size();
    }
  }
  const size_t begin = text[0] == ' ' && text.size() > 1 ? 1 : 0;
  const Kind kind = first_character(text.substr(begin)).kind;
  return kind == Kind::space ? white_space(text) : run_end(text, begin, kind);
}

std::string_view first_part(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  const auto inside = [&](size_t at) { return continues_code_point(text[at]); };
  const auto space = [&](size_t at) {
    return first_character(text.substr(at)).kind == Kind::space;
  };
  size_t behind = most;  // where the character after the one looked at begins
  while (behind > 1 && behind + 4 > most && inside(behind)) --behind;
  const size_t whole = behind;
  size_t other = 0;  // before white space that is not ASCII
  for (bool space_behind = space(behind); behind > 0;) {
    size_t at = behind - 1;
    while (at > 0 && at + 4 > behind && inside(at)) --at;
    const bool space_here = space(at), cut = space_behind && !space_here;
    if (cut && uint8_t(text[behind]) < 0x80) return text.substr(0, behind);
    if (cut && other == 0) other = behind;
    space_behind = space_here;
    behind = at;
  }
  return text.substr(0, other > 0 ? other : whole);
}

}  // namespace heed::data
