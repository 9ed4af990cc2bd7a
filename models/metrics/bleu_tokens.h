#pragma once

#include <string>
#include <string_view>
#include <vector>

/// How scores of translations cut text into tokens: so that scores of different systems compare,
/// the score does it and not the system.
namespace heed::data {

/// sacreBLEU's ways (its option tokenize):
/// - mteval_13a: words, with punctuation and symbols as tokens of their own, but . and , between
///   digits and the apostrophe left where they are; NIST's mteval-v13a, what WMT reports;
/// - character: every character but white space;
/// - none: what stands between white space.
enum class BleuTokens { mteval_13a, character, none };

/// The tokens of a text, as sacreBLEU cuts it. Bytes that are not UTF-8 stay as they are.
std::vector<std::string> bleu_tokens(std::string_view text, BleuTokens how);

namespace detail {

/// The characters of UTF-8 text; bytes that are none stay with the one before.
std::vector<std::string> characters(std::string_view text);
/// Is the character white space, as Unicode counts it and Python's str.split does?
bool is_white_space(std::string_view character);
/// The words between white space.
std::vector<std::string> words(std::string_view text);

}  // namespace detail
}  // namespace heed::data
