#include "heed/models/data/unit_tokenizer.h"

#include "heed/core/error.h"
#include "heed/core/io/unicode.h"

namespace heed::data {

UnitTokenizer UnitTokenizer::from_json(const JsonReader& json) {
  json.allow_only({"kind", "specials", "lower_case", "tokens"});
  const bool specials = json.at("specials").as_bool(), lower = json.at("lower_case").as_bool();
  std::vector<std::string> tokens;
  for (const auto& token : json.at("tokens").elements()) tokens.push_back(token.as_string());
  try {
    return {parse_unit(json.at("kind").as_string()),
            specials ? Vocabulary(std::move(tokens)) : Vocabulary::plain(std::move(tokens)), lower};
  } catch (const Error& error) {
    fail<FileError>(json.path(), ": ", error.what());
  }
}

std::vector<int64_t> UnitTokenizer::encode(std::string_view text) const {
  const std::string lower = lower_case_ ? lower_case(text) : std::string();
  std::vector<int64_t> ids;
  if (unit_ == Unit::character) ids.reserve(size_t(count_code_points(text)));
  for_each_token(unit_, lower_case_ ? lower : text,
                 [&](std::string_view token) { ids.push_back(vocabulary_.id(token)); });
  return ids;
}

void UnitTokenizer::append(std::string& text, int64_t id) const {
  const std::string& token = vocabulary_.token(id);
  if (vocabulary_.has_specials() && id < unk_id) return;
  if (unit_ == Unit::word && !text.empty()) text += ' ';
  text += token;
}

Json UnitTokenizer::to_json() const {
  return Json::object()
      .set("kind", kind())
      .set("specials", vocabulary_.has_specials())
      .set("lower_case", lower_case_)
      .set("tokens", Json::array(vocabulary_.tokens()));
}

}  // namespace heed::data
