#pragma once

#include <map>

#include "heed/models/data/tokenizer.h"

namespace heed::data {

/// The tokens of one or two texts as BERT reads them.
struct BertInput {
  std::vector<int64_t> ids;          ///< [CLS] first [SEP], or [CLS] first [SEP] second [SEP]
  std::vector<int64_t> token_types;  ///< 0 up to the first [SEP], 1 for the second text
};

/// BERT's tokens. Text is cleaned (control characters dropped, accents and case too if
/// `lower_case`), cut at white space and around punctuation and Chinese characters; of each word,
/// the longest token that begins it is taken, then the longest "##" token that goes on, to its end;
/// a word for which this fails, or of more than 100 characters, is [UNK].
///
/// The tokens of BertTokenizer in Hugging Face's transformers, but for text that spells a special
/// token: "[SEP]" is three tokens here. Character classes are those of Unicode 14.0.
/// Devlin et al. 2019, "BERT: Pre-training of deep bidirectional transformers", section 3;
/// Schuster & Nakajima 2012, "Japanese and Korean voice search".
class WordPieceTokenizer final : public Tokenizer {
 public:
  /// All tokens in the order of their ids. Error when one is empty, not UTF-8 or there twice, or
  /// [PAD], [UNK], [CLS] or [SEP] is missing.
  explicit WordPieceTokenizer(std::vector<std::string> tokens, bool lower_case = true);
  /// Of an object of kind "wordpiece".
  static WordPieceTokenizer from_json(const JsonReader& json);

  std::string kind() const override { return "wordpiece"; }
  int64_t size() const override { return vocabulary_.size(); }
  std::vector<int64_t> encode(std::string_view text) const override;
  /// Words with a space between; [PAD], [CLS], [SEP] and [MASK] add nothing.
  void append(std::string& text, int64_t id) const override;
  std::string piece(int64_t id) const override { return vocabulary_.token(id); }
  std::optional<int64_t> find(std::string_view piece) const override {
    return vocabulary_.find(piece);
  }
  Json to_json() const override;

  /// One text, or two, with [CLS] and [SEP]; the longer of the texts is cut at its end until there
  /// are at most max_length tokens. Error when there is no room for the special tokens.
  BertInput encode_for_bert(std::string_view text, int64_t max_length = 512) const;
  BertInput encode_for_bert(std::string_view first, std::string_view second,
                            int64_t max_length = 512) const;

 private:
  void add_word(std::string_view word, std::vector<int64_t>& ids) const;
  int64_t special(std::string_view token) const;

  Vocabulary vocabulary_;
  bool lower_case_;
};

/// A vocab.txt: a token a line. IoError, FileError.
WordPieceTokenizer read_word_pieces(const std::string& vocab_path, bool lower_case = true);

}  // namespace heed::data
