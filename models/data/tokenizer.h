#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/json.h"
#include "heed/models/data/vocabulary.h"

namespace heed::data {

/// Cuts text into the tokens of a vocabulary and puts tokens together to text. A value that does
/// not change; several threads may use it.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// "character", "word", "bpe" or "wordpiece".
  virtual std::string kind() const = 0;
  /// The number of different tokens; ids are 0 .. size() - 1.
  virtual int64_t size() const = 0;

  /// The ids of a text's tokens, without any special token. Error when the text has something that
  /// the vocabulary lacks and cannot call unknown.
  virtual std::vector<int64_t> encode(std::string_view text) const = 0;
  /// Appends what an id in [0, size()) adds to the text of those before it, with the space between
  /// words; special tokens other than the unknown one add nothing.
  virtual void append(std::string& text, int64_t id) const = 0;
  /// The text of ids: append() of one after the other.
  std::string decode(std::span<const int64_t> ids) const;

  /// The token of an id as the vocabulary spells it, always UTF-8: "the", "Ġthe", "##ing", "<eos>".
  virtual std::string piece(int64_t id) const = 0;
  /// The id of a token so spelt, special ones included; none when the vocabulary lacks it.
  virtual std::optional<int64_t> find(std::string_view piece) const = 0;

  /// All of it as a JSON object, for read_tokenizer.
  virtual Json to_json() const = 0;
};

/// The tokenizer of an object that to_json() wrote. FileError that says where it is wrong.
std::unique_ptr<Tokenizer> read_tokenizer(const JsonReader& json);

struct TokenizerOptions {
  std::string kind = "character";  ///< or "word", "bpe"
  int64_t vocabulary = 0;          ///< most tokens, special ones included; 0: all, but not for bpe
  int64_t min_count = 1;           ///< of a token (bpe: of a pair that is merged); at least 1
  /// Ids 0 to 3 are <pad>, <bos>, <eos> and <unk> (models/data/vocabulary.h), as models that map
  /// sequences to sequences need them. Without them text with an unknown token is an error.
  bool specials = false;
  bool lower_case = false;  ///< all text is turned to lower case first
};

/// Makes a tokenizer of the texts that it is shown, UTF-8, one after the other.
class TokenizerTrainer {
 public:
  /// Error for a kind that cannot be trained.
  explicit TokenizerTrainer(TokenizerOptions options);
  void add(std::string_view text);
  /// Error for options out of their ranges.
  std::unique_ptr<Tokenizer> finish() const;

 private:
  void count(std::string_view text);

  TokenizerOptions options_;
  TokenCounts counts_;
};

/// A tokenizer with the vocabulary of some texts.
std::unique_ptr<Tokenizer> train_tokenizer(std::span<const std::string> texts,
                                           const TokenizerOptions& options = {});
std::unique_ptr<Tokenizer> train_tokenizer(std::string_view text,
                                           const TokenizerOptions& options = {});

}  // namespace heed::data
