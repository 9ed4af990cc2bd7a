#include "heed/models/data/unit.h"

#include "heed/core/error.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& each) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  for (size_t end = 0; end < text.size();) {
    size_t begin = end;
    while (begin < text.size() && is_space(text[begin])) ++begin;
    for (end = begin; end < text.size() && !is_space(text[end]);) ++end;
    if (end > begin) each(text.substr(begin, end - begin));
  }
}

void for_each_character(std::string_view text, const std::function<void(std::string_view)>& each) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && continues_code_point(text[end])) ++end;
    each(text.substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace

void for_each_token(Unit unit, std::string_view text,
                    const std::function<void(std::string_view)>& each) {
  check_utf8(text);
  unit == Unit::character ? for_each_character(text, each) : for_each_word(text, each);
}

std::vector<std::string> split(Unit unit, std::string_view text) {
  std::vector<std::string> tokens;
  for_each_token(unit, text, [&](std::string_view token) { tokens.emplace_back(token); });
  return tokens;
}

std::string join(Unit unit, std::span<const std::string> tokens) {
  std::string text;
  for (const auto& token : tokens) {
    if (unit == Unit::word && &token != &tokens.front()) text += ' ';
    text += token;
  }
  return text;
}

std::string text(Unit unit) { return unit == Unit::character ? "character" : "word"; }

Unit parse_unit(std::string_view name) {
  if (name == "character") return Unit::character;
  if (name == "word") return Unit::word;
  fail("unit: expected character or word, got ", shown(name));
}

}  // namespace heed::data
