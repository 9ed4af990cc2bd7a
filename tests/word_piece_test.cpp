#include <fstream>

#include "heed/core/error.h"
#include "heed/core/io/files.h"
#include "heed/models/data/word_piece.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;
using heed::Json, heed::JsonReader;
using Ids = std::vector<int64_t>;
using Words = std::vector<std::string>;

namespace {

Words words_of(const JsonReader& json) {
  Words words;
  for (const auto& word : json.elements()) words.push_back(word.as_string());
  return words;
}

Words small_vocabulary() {
  return {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "sat", "."};
}

}  // namespace

TEST_CASE("word pieces: the ids of Hugging Face's tokenizers") {
  const std::string path = test_data("data/tokenizers.json");
  const Json json = heed::parse_json(heed::read_file(path), path);
  const JsonReader file(json, path);
  const Words texts = words_of(file.at("bert_texts"));
  for (const auto& wanted : file.at("word_pieces").elements()) {
    const WordPieceTokenizer tokenizer(words_of(wanted.at("tokens")),
                                       wanted.at("lower_case").as_bool());
    for (size_t i = 0; i < texts.size(); ++i) {
      INFO(texts[i]);
      Ids ids;
      for (const auto& id : wanted.at("ids").at(i).elements()) ids.push_back(id.as_int());
      CHECK(tokenizer.encode(texts[i]) == ids);
    }
  }
}

TEST_CASE("word pieces: one and two texts for BERT") {
  const WordPieceTokenizer tokenizer(small_vocabulary());
  const BertInput one = tokenizer.encode_for_bert("The cats sat.");
  CHECK(one.ids == Ids{2, 5, 6, 7, 8, 9, 3});
  CHECK(one.token_types == Ids(7, 0));
  CHECK(tokenizer.encode_for_bert("The cats sat.", 4).ids == Ids{2, 5, 6, 3});
  const BertInput two = tokenizer.encode_for_bert("the cats", "sat.");
  CHECK(two.ids == Ids{2, 5, 6, 7, 3, 8, 9, 3});
  CHECK(two.token_types == Ids{0, 0, 0, 0, 0, 1, 1, 1});
  CHECK(tokenizer.encode_for_bert("the cats", "sat.", 6).ids == Ids{2, 5, 6, 3, 8, 3});
  check_error([&] { tokenizer.encode_for_bert("a", 1); }, "max_length must be at least 2, got 1");
  check_error([&] { tokenizer.encode_for_bert("a", "b", 2); }, "must be at least 3, got 2");
}

TEST_CASE("word pieces: text of ids, JSON, files") {
  const TempDir folder;
  const std::string path = folder / "vocab.txt";
  std::ofstream file(path);
  for (const auto& token : small_vocabulary()) file << token << '\n';
  file.close();
  const WordPieceTokenizer tokenizer = read_word_pieces(path);
  CHECK(tokenizer.decode(tokenizer.encode_for_bert("the cats, sat").ids) == "the cats [UNK] sat");
  const Json json = heed::parse_json(tokenizer.to_json().dump(), "t.json");
  const auto read = read_tokenizer(JsonReader(json, "t.json"));
  CHECK(read->kind() == "wordpiece");
  CHECK(read->to_json() == json);
  CHECK(read->encode("The cats") == Ids{5, 6, 7});
  CHECK(read->piece(7) == "##s");
  std::ofstream(path) << "a\nb\n";
  check_error([&] { read_word_pieces(path); }, "vocab.txt: wordpiece: the vocabulary lacks [PAD]");
  CHECK_THROWS_AS(read_word_pieces(path), heed::FileError);
  check_error([&] { tokenizer.encode("a\xff"); }, "wordpiece: the text is not UTF-8: \"a\\xff\"");
}
