#include "heed/models/data/unit.h"

#include <algorithm>
#include <utility>

#include "heed/core/error.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

std::vector<std::string> split_words(std::string_view text) {
  constexpr std::string_view space = " \t\n\r\v\f";
  std::vector<std::string> words;
  for (size_t begin = text.find_first_not_of(space); begin != text.npos;) {
    const size_t end = std::min(text.find_first_of(space, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(space, end);
  }
  return words;
}

}  // namespace

std::vector<std::string> split(Unit unit, std::string_view text) {
  auto characters = utf8_characters(text);  // checks the text in both cases
  return unit == Unit::character ? std::move(characters) : split_words(text);
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
