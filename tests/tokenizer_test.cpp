#include "heed/models/data/tokenizer.h"
#include "heed/core/error.h"
#include "heed/core/io/unicode.h"
#include "heed/models/data/unit_tokenizer.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;
using heed::Json, heed::JsonReader;
using Ids = std::vector<int64_t>;

namespace {

/// The same tokenizer after a way through JSON text.
std::unique_ptr<Tokenizer> stored(const Tokenizer& tokenizer) {
  const Json json = heed::parse_json(tokenizer.to_json().dump(1), "t.json");
  auto read = read_tokenizer(JsonReader(json, "t.json"));
  CHECK(read->kind() == tokenizer.kind());
  CHECK(read->size() == tokenizer.size());
  CHECK(read->to_json() == json);
  return read;
}

void check_file_error(const std::string& text, std::string_view part) {
  const auto read = [&] {
    const Json json = heed::parse_json(text, "t.json");
    read_tokenizer(JsonReader(json, "t.json"));
  };
  check_error(read, part);
  CHECK_THROWS_AS(read(), heed::FileError);
}

}  // namespace

TEST_CASE("a character tokenizer has the characters of its text and no more") {
  const auto tokenizer = train_tokenizer("hello wörld\n");
  CHECK(tokenizer->kind() == "character");
  CHECK(tokenizer->size() == 10);  // \n, space, d e h l o r w ö
  CHECK(tokenizer->piece(0) == "\n");
  CHECK(tokenizer->find("ö") == 9);
  CHECK_FALSE(tokenizer->find("<eos>"));
  CHECK(tokenizer->encode("ho\n") == Ids{4, 6, 0});
  CHECK(tokenizer->decode(Ids{4, 9, 1}) == "hö ");
  CHECK(stored(*tokenizer)->encode("wörld") == tokenizer->encode("wörld"));
  check_error([&] { tokenizer->encode("x"); }, "\"x\" is not among the 10 tokens");
  check_error([&] { tokenizer->decode(Ids{10}); }, "expected an id in [0, 10), got 10");
}

TEST_CASE("a tokenizer with special tokens keeps their ids and leaves them out of text") {
  const auto tokenizer = train_tokenizer("abca", {.specials = true});
  CHECK(tokenizer->size() == 7);
  CHECK(tokenizer->encode("axb") == Ids{4, unk_id, 5});
  CHECK(tokenizer->decode(Ids{bos_id, 4, unk_id, 5, eos_id, pad_id}) == "a<unk>b");
  CHECK(tokenizer->find("<eos>") == eos_id);
  CHECK(stored(*tokenizer)->find("<eos>") == eos_id);
}

TEST_CASE("a word tokenizer keeps the frequent words of several texts") {
  const std::vector<std::string> texts = {"the cat  saw the dog", "the\tdog ran <eos>"};
  const auto tokenizer = train_tokenizer(texts, {.kind = "word", .min_count = 2, .specials = true});
  CHECK(tokenizer->kind() == "word");
  CHECK(tokenizer->size() == 6);
  CHECK(tokenizer->encode("the cat\nthe dog <eos>") == Ids{5, 3, 5, 4, 3});
  CHECK(stored(*tokenizer)->decode(Ids{5, 4}) == "the dog");
  CHECK(train_tokenizer(texts, {.kind = "word", .vocabulary = 2})->encode("dog the") == Ids{0, 1});
}

TEST_CASE("texts are counted and encoded as the list of their tokens says") {
  const std::string text = "The cät\tsaw\u00a0the 你好,  the cät\n\u2003😀 ran the END \n";
  const std::string other = text + "zÿ dog <unk>";
  for (const bool lower : {false, true}) {
    for (const Unit unit : {Unit::character, Unit::word}) {
      INFO(heed::data::text(unit));
      TokenCounts counts;
      count_tokens(split(unit, lower ? heed::lower_case(text) : text), counts);
      const auto wanted = Vocabulary::from_counts(counts, {.min_count = 2, .max_size = 12});
      const auto tokenizer = train_tokenizer(text, {.kind = heed::data::text(unit),
                                                    .vocabulary = 12,
                                                    .min_count = 2,
                                                    .specials = true,
                                                    .lower_case = lower});
      REQUIRE(tokenizer->to_json() == UnitTokenizer(unit, wanted, lower).to_json());
      const auto tokens = split(unit, lower ? heed::lower_case(other) : other);
      CHECK(tokenizer->encode(other) == wanted.ids(tokens));
    }
  }
  const auto letters = train_tokenizer("a");
  check_error([&] { letters->encode(std::string(100'000, 'a') + "\xff"); }, "byte 100000 (0xff)");
  CHECK_FALSE(letters->find("\xff"));
  CHECK_FALSE(letters->find(""));
}

TEST_CASE("tokenizers refuse wrong options and wrong files") {
  check_error([] { train_tokenizer("a", {.kind = "byte"}); },
              "expected the kind character, word or bpe, got \"byte\"");
  check_error([] { train_tokenizer("a\xff"); }, "byte 1 (0xff) is not valid UTF-8");
  check_error([] { train_tokenizer("a", {.min_count = 0}); }, "min_count must be at least 1");
  check_file_error("{}", "t.json: \"kind\" is missing");
  check_file_error(R"({"kind": "byte"})", "t.json: kind: expected character, word, bpe");
  check_file_error(
      R"({"kind": "word", "specials": false, "lower_case": false, "tokens": ["a"], "x": 1})",
      "keys: x");
  check_file_error(R"({"kind": "word", "specials": 0, "tokens": ["a"]})",
                   "specials: expected true");
  check_file_error(R"({"kind": "word", "specials": true, "lower_case": false, "tokens": ["a"]})",
                   "t.json: Vocabulary: the first tokens must be <pad>");
  check_file_error(
      R"({"kind": "character", "specials": false, "lower_case": true, "tokens": ["a", 1]})",
      "tokens[1]");
}
