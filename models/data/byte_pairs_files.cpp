#include "heed/core/error.h"
#include "heed/core/io/files.h"
#include "heed/models/data/byte_pairs.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

/// "left right" as a merge; FileError with its place for anything else.
BytePairTokenizer::Merge parse_merge(std::string_view text, const std::string& where) {
  const size_t space = text.find(' ');
  const bool pair = space != text.npos && space > 0 && space + 1 < text.size() &&
                    text.find(' ', space + 1) == text.npos;
  if (!pair) fail<FileError>(where, ": expected a pair of tokens, got ", shown(text));
  return {std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
}

/// Tokens in the order of their ids, of an object {token: id} whose ids are 0, 1 ... in any order.
std::vector<std::string> tokens_by_id(const JsonReader& json) {
  const auto items = json.items();
  std::vector<std::string> tokens(items.size());
  for (const auto& [token, id] : items) {
    const int64_t place = id.as_int();
    if (place < 0 || place >= int64_t(tokens.size()) || !tokens[place].empty()) {
      fail<FileError>(id.path(), ": expected an id below ", tokens.size(),
                      " that no other token has, got ", place);
    }
    tokens[place] = token;
  }
  return tokens;
}

template <class... Arguments>
BytePairTokenizer made(const std::string& where, Arguments&&... arguments) {
  try {
    return BytePairTokenizer(std::forward<Arguments>(arguments)...);
  } catch (const Error& error) {
    fail<FileError>(where, ": ", error.what());
  }
}

}  // namespace

BytePairTokenizer BytePairTokenizer::from_json(const JsonReader& json) {
  json.allow_only({"kind", "lower_case", "tokens", "merges"});
  std::vector<std::string> tokens;
  for (const auto& token : json.at("tokens").elements()) tokens.push_back(token.as_string());
  std::vector<Merge> merges;
  for (const auto& merge : json.at("merges").elements()) {
    merges.push_back(parse_merge(merge.as_string(), merge.path()));
  }
  return made(json.path(), std::move(tokens), merges, json.at("lower_case").as_bool());
}

Json BytePairTokenizer::to_json() const {
  Json merges = Json::array();
  for (const auto& [left, right] : merges_) merges.push(tokens_[left] + " " + tokens_[right]);
  return Json::object()
      .set("kind", kind())
      .set("lower_case", lower_case_)
      .set("tokens", Json::array(tokens_))
      .set("merges", std::move(merges));
}

BytePairTokenizer read_gpt2_tokenizer(const std::string& vocab_path,
                                      const std::string& merges_path) {
  const Json json = parse_json(read_file(vocab_path), vocab_path);
  std::vector<BytePairTokenizer::Merge> merges;
  for_each_line(merges_path, [&](const Line& line) {
    const bool heading = line.number == 1 && line.text.starts_with("#version");
    if (heading || line.text.empty()) return;
    merges.push_back(parse_merge(line.text, line.where()));
  });
  return made(merges_path, tokens_by_id(JsonReader(json, vocab_path)), merges);
}

}  // namespace heed::data
