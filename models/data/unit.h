#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

/// What one token of a text is: a UTF-8 character (code point), or a word between white space
/// (space, tab, line feed, carriage return, vertical tab, form feed).
enum class Unit { character, word };

/// Calls `each` with every token of a text in order, as a view of it. Error, before the first call,
/// when the text is not UTF-8.
void for_each_token(Unit unit, std::string_view text,
                    const std::function<void(std::string_view)>& each);

/// The same tokens as a list, each in memory of its own.
std::vector<std::string> split(Unit unit, std::string_view text);

/// The text of tokens: characters side by side, words with one space between.
/// join(character, split(character, text)) == text; for words, white space becomes single spaces.
std::string join(Unit unit, std::span<const std::string> tokens);

/// "character" or "word", as files and flags spell the unit.
std::string text(Unit unit);

/// The unit of that name; Error for any other.
Unit parse_unit(std::string_view name);

}  // namespace heed::data
