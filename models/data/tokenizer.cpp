#include "heed/models/data/tokenizer.h"

#include "heed/core/error.h"
#include "heed/models/data/unit_tokenizer.h"

namespace heed::data {

std::unique_ptr<Tokenizer> read_tokenizer(const JsonReader& json) {
  const JsonReader kind = json.at("kind");
  const std::string& name = kind.as_string();
  if (name == "character" || name == "word") {
    return std::make_unique<UnitTokenizer>(UnitTokenizer::from_json(json));
  }
  fail<FileError>(kind.path(), ": expected character or word, got ", kind.json());
}

std::unique_ptr<Tokenizer> train_tokenizer(std::span<const std::string> texts,
                                           const TokenizerOptions& options) {
  const Unit unit = parse_unit(options.kind);
  TokenCounts counts;
  for (const auto& text : texts) count_tokens(split(unit, text), counts);
  auto vocabulary = Vocabulary::from_counts(counts, {.min_count = options.min_count,
                                                     .max_size = options.vocabulary,
                                                     .specials = options.specials});
  return std::make_unique<UnitTokenizer>(unit, std::move(vocabulary));
}

std::unique_ptr<Tokenizer> train_tokenizer(std::string_view text, const TokenizerOptions& options) {
  const std::string copy(text);
  return train_tokenizer(std::span(&copy, 1), options);
}

}  // namespace heed::data
