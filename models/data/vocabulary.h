#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

/// The ids of the special tokens, the same in every vocabulary that has them.
inline constexpr int64_t pad_id = 0;  // <pad>: fills short rows
inline constexpr int64_t bos_id = 1;  // <bos>: the first input of a decoder
inline constexpr int64_t eos_id = 2;  // <eos>: the end of a sequence
inline constexpr int64_t unk_id = 3;  // <unk>: any token that the vocabulary lacks

/// How often each token occurs, in the order of their bytes.
using TokenCounts = std::map<std::string, int64_t, std::less<>>;

/// Adds the tokens of one sequence to the counts.
void count_tokens(std::span<const std::string> tokens, TokenCounts& counts);

struct VocabularyOptions {
  int64_t min_count = 1;  ///< of a token that is kept; at least 1
  int64_t max_size = 0;   ///< only the most frequent tokens, up to this size; 0: all
  bool specials = true;   ///< starts with <pad>, <bos>, <eos> and <unk>
};

/// The two-way table between tokens (pieces of UTF-8 text) and ids 0 .. size() - 1.
/// Ids 0 to 3 are <pad>, <bos>, <eos> and <unk>, unless it was made without them.
class Vocabulary {
 public:
  /// Only the special tokens.
  Vocabulary();

  /// All tokens in the order of their ids, as tokens() gave them. Error, with every problem in one
  /// message: the four special tokens are not the first, or a token is empty, twice in the list or
  /// not UTF-8.
  explicit Vocabulary(std::vector<std::string> tokens);

  /// The same for a list that holds no special tokens: language models of plain text need none.
  static Vocabulary plain(std::vector<std::string> tokens);

  /// The special tokens if wanted, then every token that occurs often enough, in the order of their
  /// bytes: equal counts give equal ids. Of equally frequent tokens, max_size keeps the first in
  /// that order. Error: min_count below 1, max_size below 0 or too small for the special tokens.
  static Vocabulary from_counts(const TokenCounts& counts, VocabularyOptions options = {});

  int64_t size() const { return int64_t(tokens_.size()); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  bool has_specials() const { return specials_; }

  /// The id of a token, special ones included; none when the vocabulary lacks it.
  std::optional<int64_t> find(std::string_view token) const;

  /// The token of an id in [0, size()).
  const std::string& token(int64_t id) const;

  /// The id of a text's token, unk_id for one unknown. Text that spells a special token, such as
  /// "<eos>", is unknown too: no text can end its own sequence. Without special tokens, Error that
  /// shows the unknown token.
  int64_t id(std::string_view token) const;
  /// The same of several.
  std::vector<int64_t> ids(std::span<const std::string> tokens) const;

  /// The tokens of ids, each in [0, size()), special tokens included.
  std::vector<std::string> tokens(std::span<const int64_t> ids) const;

 private:
  Vocabulary(std::vector<std::string> tokens, bool specials);

  std::vector<std::string> tokens_;
  std::map<std::string, int64_t, std::less<>> ids_;
  std::array<int64_t, 128> letters_;  // ids of the tokens of one byte: most of a text's characters
  bool specials_ = true;
};

}  // namespace heed::data
