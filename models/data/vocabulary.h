#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heed::data {

/// The ids of the special tokens, the same in every vocabulary.
inline constexpr int64_t pad_id = 0;  // <pad>: fills short rows
inline constexpr int64_t bos_id = 1;  // <bos>: the first input of a decoder
inline constexpr int64_t eos_id = 2;  // <eos>: the end of a sequence
inline constexpr int64_t unk_id = 3;  // <unk>: any token that the vocabulary lacks

/// How often each token occurs, in the order of their bytes.
using TokenCounts = std::map<std::string, int64_t, std::less<>>;

/// Adds the tokens of one sequence to the counts.
void count_tokens(std::span<const std::string> tokens, TokenCounts& counts);

/// The two-way table between tokens (pieces of UTF-8 text) and ids 0 .. size() - 1.
/// Ids 0 to 3 are <pad>, <bos>, <eos> and <unk>.
class Vocabulary {
 public:
  /// Only the special tokens.
  Vocabulary();

  /// All tokens in the order of their ids, as tokens() gave them. Error, with every problem in one
  /// message: the four special tokens are not the first, or a token is empty, twice in the list or
  /// not UTF-8.
  explicit Vocabulary(std::vector<std::string> tokens);

  /// The special tokens, then every token that occurs at least `min_count` (>= 1) times, in the
  /// order of their bytes: equal counts give equal ids.
  static Vocabulary from_counts(const TokenCounts& counts, int64_t min_count = 1);

  int64_t size() const { return int64_t(tokens_.size()); }
  const std::vector<std::string>& tokens() const { return tokens_; }

  /// The id of a token, special ones included; none when the vocabulary lacks it.
  std::optional<int64_t> find(std::string_view token) const;

  /// The token of an id in [0, size()).
  const std::string& token(int64_t id) const;

  /// The ids of a text's tokens, unk_id for those unknown. Text that spells a special token, such
  /// as "<eos>", is unknown too: no text can end its own sequence.
  std::vector<int64_t> ids(std::span<const std::string> tokens) const;

  /// The tokens of ids, each in [0, size()), special tokens included.
  std::vector<std::string> tokens(std::span<const int64_t> ids) const;

 private:
  std::vector<std::string> tokens_;
  std::map<std::string, int64_t, std::less<>> ids_;
};

}  // namespace heed::data
