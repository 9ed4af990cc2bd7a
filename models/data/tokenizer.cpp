#include "heed/models/data/tokenizer.h"

#include <array>
#include <functional>
#include <unordered_map>

#include "heed/core/error.h"
#include "heed/core/io/unicode.h"
#include "heed/models/data/byte_pairs.h"
#include "heed/models/data/lines.h"
#include "heed/models/data/pretokens.h"
#include "heed/models/data/unit_tokenizer.h"
#include "heed/models/data/word_piece.h"

namespace heed::data {
namespace {

constexpr size_t part_size = size_t{1} << 20;  // keeps the counts of a text's parts small

/// How often each token of a part occurs: most come again and again.
class PartCounts {
 public:
  void add(std::string_view token) {
    token.size() == 1 ? ++letters_[uint8_t(token[0])] : ++others_[token];
  }

  void add_to(TokenCounts& counts) const {
    for (size_t byte = 0; byte < letters_.size(); ++byte) {
      if (letters_[byte] > 0) counts[std::string(1, char(byte))] += letters_[byte];
    }
    for (const auto& [token, count] : others_) counts[std::string(token)] += count;
  }

 private:
  std::array<int64_t, 256> letters_{};  // tokens of one byte
  std::unordered_map<std::string_view, int64_t> others_;
};

void for_each_pretoken(std::string_view text, const std::function<void(std::string_view)>& each) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, first_pretoken(text));
    each(piece);
    text.remove_prefix(piece.size());
  }
}

}  // namespace

std::string Tokenizer::decode(std::span<const int64_t> ids) const {
  std::string text;
  for (const int64_t id : ids) append(text, id);
  return text;
}

std::unique_ptr<Tokenizer> read_tokenizer(const JsonReader& json) {
  const JsonReader kind = json.at("kind");
  const std::string& name = kind.as_string();
  if (name == "bpe") return std::make_unique<BytePairTokenizer>(BytePairTokenizer::from_json(json));
  if (name == "wordpiece") {
    return std::make_unique<WordPieceTokenizer>(WordPieceTokenizer::from_json(json));
  }
  if (name == "character" || name == "word") {
    return std::make_unique<UnitTokenizer>(UnitTokenizer::from_json(json));
  }
  fail<FileError>(kind.path(), ": expected character, word, bpe or wordpiece, got ", kind.json());
}

TokenizerTrainer::TokenizerTrainer(TokenizerOptions options) : options_(std::move(options)) {
  const std::string& kind = options_.kind;
  require(kind == "character" || kind == "word" || kind == "bpe",
          "tokenizer: expected the kind character, word or bpe, got ", shown(kind));
}

void TokenizerTrainer::count(std::string_view text) {
  PartCounts counts;
  const auto add = [&](std::string_view token) { counts.add(token); };
  if (options_.kind == "bpe") {
    for_each_pretoken(text, add);
  } else {
    for_each_token(parse_unit(options_.kind), text, add);
  }
  counts.add_to(counts_);
}

void TokenizerTrainer::add(std::string_view text) {
  while (!text.empty()) {
    const std::string_view part = first_part(text, part_size);
    options_.lower_case ? count(lower_case(part)) : count(part);
    text.remove_prefix(part.size());
  }
}

std::unique_ptr<Tokenizer> TokenizerTrainer::finish() const {
  const auto& [kind, vocabulary, min_count, specials, lower] = options_;
  if (kind == "bpe") {
    return std::make_unique<BytePairTokenizer>(
        train_byte_pairs(counts_, vocabulary, min_count, specials, lower));
  }
  auto kept = Vocabulary::from_counts(
      counts_, {.min_count = min_count, .max_size = vocabulary, .specials = specials});
  return std::make_unique<UnitTokenizer>(parse_unit(kind), std::move(kept), lower);
}

std::unique_ptr<Tokenizer> train_tokenizer(std::span<const std::string> texts,
                                           const TokenizerOptions& options) {
  TokenizerTrainer trainer(options);
  for (const auto& text : texts) trainer.add(text);
  return trainer.finish();
}

std::unique_ptr<Tokenizer> train_tokenizer(std::string_view text, const TokenizerOptions& options) {
  TokenizerTrainer trainer(options);
  trainer.add(text);
  return trainer.finish();
}

}  // namespace heed::data
