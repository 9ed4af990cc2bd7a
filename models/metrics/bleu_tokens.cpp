#include "heed/models/metrics/bleu_tokens.h"

#include <algorithm>
#include <array>
#include <utility>

#include "heed/core/io/utf8.h"

namespace heed::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point(char c) { return c == '.' || c == ','; }

/// ASCII punctuation and symbols but ' , - . and the space: mteval's first rule.
bool stands_alone(char c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// Wherever two neighbours fit, `before`, the first, ' ', the second, `after`; they are not looked
/// at again, so the second is nobody's first.
template <class First, class Second>
std::string apart(std::string_view text, First first, Second second, std::string_view before,
                  std::string_view between, std::string_view after) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
      out += text[i];
      continue;
    }
    out.append(before) += text[i++];
    out.append(between) += text[i];
    out.append(after);
  }
  return out;
}

std::string without_space_at_the_end(std::string_view text) {
  std::vector<std::string> all = detail::characters(text);
  while (!all.empty() && detail::is_white_space(all.back())) all.pop_back();
  std::string out;
  for (const auto& character : all) out += character;
  return out;
}

/// The rules of mteval-v13a.pl for Western languages, as sacreBLEU's regular expressions have them.
std::vector<std::string> words_13a(std::string_view given) {
  std::string text = without_space_at_the_end(given);
  using Replacement = std::pair<const char*, const char*>;
  for (const auto& [from, to] : {Replacement{"<skipped>", ""},
                                 {"-\n", ""},
                                 {"\n", " "},
                                 {"&quot;", "\""},
                                 {"&amp;", "&"},
                                 {"&lt;", "<"},
                                 {"&gt;", ">"}})
    text = replaced(std::move(text), from, to);
  std::string spaced = " ";
  for (const char c : text) stands_alone(c) ? spaced.append({' ', c, ' '}) : spaced.append(1, c);
  spaced += ' ';
  const auto no_digit = [](char c) { return !is_digit(c); };
  const auto dash = [](char c) { return c == '-'; };
  spaced = apart(spaced, no_digit, is_point, "", " ", " ");
  spaced = apart(spaced, is_point, no_digit, " ", " ", "");
  spaced = apart(spaced, is_digit, dash, "", " ", " ");
  return detail::words(spaced);
}

}  // namespace

std::vector<std::string> bleu_tokens(std::string_view text, BleuTokens how) {
  if (how == BleuTokens::mteval_13a) return words_13a(text);
  if (how == BleuTokens::none) return detail::words(text);
  auto all = detail::characters(text);
  std::erase_if(all, [](const std::string& c) { return detail::is_white_space(c); });
  return all;
}

namespace detail {

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> all;
  for (const char c : text) {
    if (!continues_code_point(c) || all.empty()) all.emplace_back();
    all.back() += c;
  }
  return all;
}

bool is_white_space(std::string_view character) {
  static constexpr auto wide = std::to_array<std::string_view>(
      {"\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005",
       "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F",
       "\u3000"});
  if (character.size() > 1) return std::ranges::find(wide, character) != wide.end();
  const char c = character.empty() ? 'x' : character[0];
  return (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= ' ');
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  bool inside = false;
  for (const std::string& character : characters(text)) {
    const bool space = is_white_space(character);
    if (!space && !inside) all.emplace_back();
    if (!space) all.back() += character;
    inside = !space;
  }
  return all;
}

}  // namespace detail
}  // namespace heed::data
