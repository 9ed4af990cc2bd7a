#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

/// What one token of a text is: a UTF-8 character (code point), or a word between white space
/// (space, tab, line feed, carriage return, vertical tab, form feed).
enum class Unit { character, word };

/// The tokens of a text. Error when the text is not UTF-8.
std::vector<std::string> split(Unit unit, std::string_view text);

/// The text of tokens: characters side by side, words with one space between.
/// join(character, split(character, text)) == text; for words, white space becomes single spaces.
std::string join(Unit unit, std::span<const std::string> tokens);

/// "character" or "word", as files and flags spell the unit.
std::string text(Unit unit);

/// The unit of that name; Error for any other.
Unit parse_unit(std::string_view name);

}  // namespace heed::data
