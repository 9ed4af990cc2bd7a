#pragma once

#include <span>

#include "heed/models/bert.h"
#include "heed/models/data/word_piece.h"

/// Reimers & Gurevych 2019, "Sentence-BERT: Sentence embeddings using Siamese BERT-networks": the
/// mean of BERT's last states as the meaning of a sentence.
namespace heed::models {

/// Where each token of a sentence looked, by layer and head.
struct SentenceAttention {
  std::vector<std::string> tokens;  ///< T, with [CLS] and [SEP]
  nn::AttentionMaps maps;           ///< (1, heads, T, T) for each layer
};

/// BERT with its tokens, in evaluation mode.
struct SentenceEncoder {
  /// A vector of length 1 for each text, (N, C): the mean over its tokens, [CLS] and [SEP]
  /// included, divided by its length. The product of two is the cosine of their angle.
  Tensor embed(std::span<const std::string> texts) const;
  SentenceAttention attention(const std::string& text) const;

  Bert model;
  data::WordPieceTokenizer tokenizer;
  int64_t max_length = 512;  ///< tokens read of a text; the rest is cut off
};

/// Reads a folder as Hugging Face's libraries write it for BERT, such as that of all-MiniLM-L6-v2:
/// config.json, model.safetensors and vocab.txt; and tokenizer_config.json (lower case or not) and
/// sentence_bert_config.json (max_length), if they are there. IoError, FileError.
SentenceEncoder read_sentence_encoder(const std::string& folder);

/// The configuration of a BERT in Hugging Face's words ("vocab_size", "hidden_size" ...). FileError
/// for one that is no BERT or differs in its activation or positions.
BertConfig read_bert_config(const JsonReader& json);

}  // namespace heed::models
