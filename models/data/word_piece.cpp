#include "heed/models/data/word_piece.h"

#include <algorithm>

#include "heed/core/error.h"
#include "heed/core/io/unicode.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

constexpr std::string_view continuation = "##";

bool is_chinese(char32_t c) {
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2ceaf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

/// ASCII symbols count as punctuation too.
bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return c > ' ' && c < 0x7f && character_class(c) != CharacterClass::letter &&
           character_class(c) != CharacterClass::number;
  return character_class(c) == CharacterClass::punctuation;
}

bool is_dropped(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return c == 0xfffd || character_class(c) == CharacterClass::control;
}

/// Calls each(code point) for all of a text. Throws FileError when it is not UTF-8.
template <class F>
void for_each_code_point(std::string_view text, const F& each) {
  if (!valid_utf8(text)) fail("wordpiece: the text is not UTF-8: ", shown(text));
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    each(next.value);
    text.remove_prefix(next.length);
  }
}

/// The text cleaned, with spaces around Chinese characters.
std::string cleaned(std::string_view text) {
  std::string clean;
  for_each_code_point(text, [&](char32_t c) {
    if (is_dropped(c)) return;
    if (is_white_space(c)) {
      clean += ' ';
    } else if (is_chinese(c)) {
      clean += ' ';
      append_utf8(clean, c);
      clean += ' ';
    } else {
      append_utf8(clean, c);
    }
  });
  return clean;
}

/// Words between spaces; each character of punctuation is one too.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  bool inside = false;
  for_each_code_point(text, [&](char32_t c) {
    const bool alone = is_punctuation(c);
    if (c != ' ' && (alone || !inside)) found.emplace_back();
    if (c != ' ') append_utf8(found.back(), c);
    inside = c != ' ' && !alone;
  });
  return found;
}

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(std::vector<std::string> tokens, bool lower_case)
    : vocabulary_(Vocabulary::plain(std::move(tokens))), lower_case_(lower_case) {
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}) special(token);
}

WordPieceTokenizer WordPieceTokenizer::from_json(const JsonReader& json) {
  json.allow_only({"kind", "lower_case", "tokens"});
  std::vector<std::string> tokens;
  for (const auto& token : json.at("tokens").elements()) tokens.push_back(token.as_string());
  try {
    return WordPieceTokenizer(std::move(tokens), json.at("lower_case").as_bool());
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    fail<FileError>(json.path(), ": ", error.what());
  }
}

Json WordPieceTokenizer::to_json() const {
  return Json::object()
      .set("kind", kind())
      .set("lower_case", lower_case_)
      .set("tokens", Json::array(vocabulary_.tokens()));
}

int64_t WordPieceTokenizer::special(std::string_view token) const {
  const auto id = find(token);
  require(id.has_value(), "wordpiece: the vocabulary lacks ", token);
  return *id;
}

void WordPieceTokenizer::add_word(std::string_view word, std::vector<int64_t>& ids) const {
  constexpr int64_t longest_word = 100;
  const size_t before = ids.size();
  bool known = count_code_points(word) <= longest_word;
  for (size_t begin = 0; known && begin < word.size();) {
    const std::string_view prefix = begin > 0 ? continuation : "";
    std::string candidate = std::string(prefix) + std::string(word.substr(begin));
    auto id = find(candidate);
    while (!id && candidate.size() > prefix.size() + 1) {
      candidate.pop_back();
      id = find(candidate);
    }
    known = id.has_value();
    if (known) ids.push_back(*id);
    begin += candidate.size() - prefix.size();
  }
  if (known) return;
  ids.resize(before);
  ids.push_back(special("[UNK]"));
}

std::vector<int64_t> WordPieceTokenizer::encode(std::string_view text) const {
  std::string clean = cleaned(text);
  if (lower_case_) clean = heed::lower_case(without_accents(clean));
  std::vector<int64_t> ids;
  for (const auto& word : words(clean)) add_word(word, ids);
  return ids;
}

void WordPieceTokenizer::append(std::string& text, int64_t id) const {
  const std::string_view token = vocabulary_.token(id);
  if (token == "[PAD]" || token == "[CLS]" || token == "[SEP]" || token == "[MASK]") return;
  const bool goes_on = token.starts_with(continuation) && token.size() > continuation.size();
  if (!goes_on && !text.empty()) text += ' ';
  text += goes_on ? token.substr(continuation.size()) : token;
}

BertInput WordPieceTokenizer::encode_for_bert(std::string_view text, int64_t max_length) const {
  require(max_length >= 2, "wordpiece: max_length must be at least 2, got ", max_length);
  std::vector<int64_t> ids = encode(text);
  ids.resize(std::min(ids.size(), size_t(max_length - 2)));
  ids.insert(ids.begin(), special("[CLS]"));
  ids.push_back(special("[SEP]"));
  const size_t count = ids.size();
  return {std::move(ids), std::vector<int64_t>(count, 0)};
}

BertInput WordPieceTokenizer::encode_for_bert(std::string_view first, std::string_view second,
                                              int64_t max_length) const {
  require(max_length >= 3, "wordpiece: max_length must be at least 3, got ", max_length);
  std::vector<int64_t> head = encode(first), tail = encode(second);
  while (int64_t(head.size() + tail.size()) > max_length - 3) {
    (head.size() > tail.size() ? head : tail).pop_back();
  }
  BertInput input{{special("[CLS]")}, {}};
  input.ids.insert(input.ids.end(), head.begin(), head.end());
  input.ids.push_back(special("[SEP]"));
  input.token_types.assign(input.ids.size(), 0);
  input.ids.insert(input.ids.end(), tail.begin(), tail.end());
  input.ids.push_back(special("[SEP]"));
  input.token_types.resize(input.ids.size(), 1);
  return input;
}

WordPieceTokenizer read_word_pieces(const std::string& vocab_path, bool lower_case) {
  std::vector<std::string> tokens;
  for_each_line(vocab_path, [&](const Line& line) { tokens.emplace_back(line.text); });
  try {
    return WordPieceTokenizer(std::move(tokens), lower_case);
  } catch (const Error& error) {
    fail<FileError>(vocab_path, ": ", error.what());
  }
}

}  // namespace heed::data
