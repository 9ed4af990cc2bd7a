#pragma once

#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include "heed/models/data/tokenizer.h"
#include "heed/models/data/vocabulary.h"

namespace heed::data {

/// Byte-level byte-pair encoding: a text is cut into pieces by GPT-2's pattern; in each piece, of
/// all neighbours that some merge joins, those of the earliest merge are joined, until none is
/// left. Any bytes can be encoded, and decode(encode(x)) is x (its lower case, if so asked).
///
/// Tokens are spelt in GPT-2's letters, one for each byte: '!' to '~', '¡' to '¬' and '®' to 'ÿ'
/// stand for themselves, all other bytes in their order for 'Ā', 'ā' ... ('Ġ' is the space).
/// Tokens that no merge makes, such as "<|endoftext|>", are special: no text has them.
///
/// Sennrich, Haddow & Birch 2016, "Neural machine translation of rare words with subword units";
/// Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.2.
class BytePairTokenizer final : public Tokenizer {
 public:
  using Merge = std::pair<std::string, std::string>;

  /// All tokens in the order of their ids, and the merges, earliest first. Error, with the merge's
  /// number: a merge whose parts no earlier merge made, or whose result is no token; a byte without
  /// a token, a token twice.
  BytePairTokenizer(std::vector<std::string> tokens, std::span<const Merge> merges,
                    bool lower_case = false);
  /// Of an object of kind "bpe".
  static BytePairTokenizer from_json(const JsonReader& json);

  std::string kind() const override { return "bpe"; }
  int64_t size() const override { return int64_t(tokens_.size()); }
  std::vector<int64_t> encode(std::string_view text) const override;
  void append(std::string& text, int64_t id) const override;
  std::string piece(int64_t id) const override;
  std::optional<int64_t> find(std::string_view piece) const override;
  Json to_json() const override;

 private:
  struct Joined {
    int64_t rank, token;
  };
  void add_bytes();
  void add_merge(const Merge& merge);
  const Joined* joined(int64_t left, int64_t right) const;
  std::vector<int64_t> encode_piece(std::string_view piece) const;
  void check_id(int64_t id) const;

  std::vector<std::string> tokens_;
  std::map<std::string, int64_t, std::less<>> ids_;
  std::vector<std::optional<std::string>> bytes_;  // of each token; special ones have none
  std::array<int64_t, 256> byte_ids_{};
  std::vector<std::pair<int64_t, int64_t>> merges_;
  std::unordered_map<uint64_t, Joined> joined_;  // by left << 32 | right
  bool lower_case_;
};

/// GPT-2's files vocab.json (token: id) and merges.txt (a pair a line). IoError, FileError.
BytePairTokenizer read_gpt2_tokenizer(const std::string& vocab_path,
                                      const std::string& merges_path);

/// Learns merges from pieces of text (as GPT-2's pattern cuts it) and how often each occurs: again
/// and again the pair of neighbours that occurs most often is joined, the first by ids of several,
/// until the vocabulary has `vocabulary` tokens or no pair occurs `min_count` times. Ids: special
/// tokens if wanted, the 256 bytes in the order of their letters, the merges. The same merges as
/// Hugging Face's tokenizers learns.
BytePairTokenizer train_byte_pairs(const TokenCounts& pieces, int64_t vocabulary,
                                   int64_t min_count = 2, bool specials = false,
                                   bool lower_case = false);

}  // namespace heed::data
