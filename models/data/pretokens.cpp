#include "heed/models/data/pretokens.h"

#include <algorithm>

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
  const auto space = [&](size_t at) { return is_white_space(char32_t(uint8_t(text[at]))); };
  const auto ascii = [&](size_t at) { return uint8_t(text[at]) < 0x80; };
  for (size_t end = most; end > 0; --end) {
    if (ascii(end) && space(end) && ascii(end - 1) && !space(end - 1)) return text.substr(0, end);
  }
  const auto inside = [&](size_t at) { return (uint8_t(text[at]) & 0xc0) == 0x80; };
  size_t end = most;
  while (end > 1 && end + 4 > most && inside(end)) --end;
  return text.substr(0, end);
}

}  // namespace heed::data
