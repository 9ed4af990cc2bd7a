#include <cstdlib>
#include <fstream>

#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/models/data/byte_pairs.h"
#include "heed/models/data/pretokens.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;
using heed::Json, heed::JsonReader;
using Ids = std::vector<int64_t>;
using Words = std::vector<std::string>;
using Merges = std::vector<BytePairTokenizer::Merge>;

namespace {

/// What Hugging Face's tokenizers made of some texts (tools/parity/tokenizer_cases.py).
Json cases() {
  const std::string path = test_data("data/tokenizers.json");
  return heed::parse_json(heed::read_file(path), path);
}

Ids ids_of(const JsonReader& json) {
  Ids ids;
  for (const auto& id : json.elements()) ids.push_back(id.as_int());
  return ids;
}

Words words_of(const JsonReader& json) {
  Words words;
  for (const auto& word : json.elements()) words.push_back(word.as_string());
  return words;
}

Words pieces(std::string_view text) {
  Words found;
  while (!text.empty()) {
    found.emplace_back(text.substr(0, first_pretoken(text)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

std::string random_bytes(heed::Generator& random, int64_t count) {
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) bytes += char(random.integer(256));
  return bytes;
}

Words all_bytes() {
  Words tokens;
  const auto tokenizer = train_tokenizer("", {.kind = "bpe", .vocabulary = 256});
  for (int64_t id = 0; id < 256; ++id) tokens.push_back(tokenizer->piece(id));
  return tokens;
}

}  // namespace

TEST_CASE("text is cut into pieces as GPT-2's pattern cuts it") {
  const Json json = cases();
  const JsonReader file(json, "cases");
  const Words texts = words_of(file.at("texts"));
  for (size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    CHECK(pieces(texts[i]) == words_of(file.at("pieces").at(i)));
  }
}

TEST_CASE("byte pairs: the merges and the ids of Hugging Face's tokenizers") {
  const Json json = cases();
  const JsonReader file(json, "cases");
  Words texts = words_of(file.at("training"));
  const Words training = texts, more = words_of(file.at("texts"));
  texts.insert(texts.end(), more.begin(), more.end());
  for (const auto& wanted : file.at("bpe").elements()) {
    const auto tokenizer =
        train_tokenizer(training, {.kind = "bpe",
                                   .vocabulary = wanted.at("vocabulary").as_int(),
                                   .min_count = wanted.at("min_count").as_int()});
    CHECK(*tokenizer->to_json().find("merges") == wanted.at("merges").json());
    for (size_t i = 0; i < texts.size(); ++i) {
      INFO(texts[i]);
      CHECK(tokenizer->encode(texts[i]) == ids_of(wanted.at("ids").at(i)));
      CHECK(tokenizer->decode(tokenizer->encode(texts[i])) == texts[i]);
    }
  }
}

TEST_CASE("byte pairs: any bytes come back") {
  const auto tokenizer = train_tokenizer("the theme of them there été", {"bpe", 270});
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all += char(byte);
    const std::string one(1, char(byte));
    CHECK(tokenizer->encode(one).size() == 1);
    CHECK(tokenizer->decode(tokenizer->encode(one)) == one);
  }
  CHECK(tokenizer->decode(tokenizer->encode(all)) == all);
  heed::Generator random(1);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = random_bytes(random, random.integer(60));
    REQUIRE(tokenizer->decode(tokenizer->encode(bytes)) == bytes);
  }
}

TEST_CASE("byte pairs: one long piece takes no quadratic time") {
  const auto tokenizer = train_tokenizer("aaaaaaaaaaaaaaaa aaaaaaaa", {"bpe", 260});
  const std::string text(300'000, 'a');
  const Ids ids = tokenizer->encode(text);
  CHECK(ids.size() <= 37'500);
  CHECK(tokenizer->decode(ids) == text);
}

TEST_CASE("byte pairs: special tokens, lower case, JSON") {
  const auto tokenizer = train_tokenizer(
      "<eos><eos><eos><eos> <eos> Hello",
      {.kind = "bpe", .vocabulary = 270, .min_count = 2, .specials = true, .lower_case = true});
  CHECK(tokenizer->find("<eos>") == eos_id);
  CHECK(tokenizer->piece(bos_id) == "<bos>");
  CHECK(tokenizer->find("!") == 4);
  for (const int64_t id : tokenizer->encode("<eos> <eos>")) CHECK(id > unk_id);
  CHECK(tokenizer->decode(tokenizer->encode("<eos> ÉTÉ")) == "<eos> été");
  CHECK(tokenizer->decode(Ids{bos_id, 4, eos_id}) == "!");
  const Json json = heed::parse_json(tokenizer->to_json().dump(), "t.json");
  const auto read = read_tokenizer(JsonReader(json, "t.json"));
  CHECK(read->kind() == "bpe");
  CHECK(read->to_json() == json);
  CHECK(read->encode("<EOS> hello") == tokenizer->encode("<eos> Hello"));
}

TEST_CASE("byte pairs: training stops where no pair is frequent enough") {
  CHECK(train_tokenizer("abc", {.kind = "bpe", .vocabulary = 1000, .min_count = 2})->size() == 256);
  CHECK(train_tokenizer("ab ab", {.kind = "bpe", .vocabulary = 1000, .min_count = 2})->size() ==
        257);
  check_error([] { train_tokenizer("a", {.kind = "bpe", .vocabulary = 255}); },
              "bpe: expected a vocabulary of at least 256 tokens, got 255");
  check_error([] { train_tokenizer("a", {.kind = "bpe", .vocabulary = 256, .min_count = 0}); },
              "min_count must be at least 1, got 0");
}

TEST_CASE("byte pairs: vocabularies and merges that do not fit are refused") {
  Words tokens = all_bytes();
  tokens.insert(tokens.end(), {"ab", "abc", "<|endoftext|>"});
  const BytePairTokenizer fits(tokens, Merges{{"a", "b"}, {"ab", "c"}});
  CHECK(fits.encode("abcab") == Ids{257, 256});
  CHECK(fits.decode(Ids{258, 256}) == "ab");
  const auto refused = [&](const Words& list, const Merges& merges, std::string_view part) {
    check_error([&] { BytePairTokenizer(list, merges); }, part);
  };
  refused(tokens, {{"ab", "c"}}, "bpe: merge 0 (\"ab c\") joins what no earlier merge made");
  refused(tokens, {{"a", "x"}}, "bpe: merge 0 (\"a x\") makes no known token");
  refused(tokens, {{"a", "b"}, {"a", "b"}}, "bpe: merge 1 (\"a b\") came before");
  refused(tokens, {{"<|endof", "text|>"}}, "joins what no earlier merge made");
  tokens.push_back("ab");
  refused(tokens, {}, "bpe: token 259 \"ab\" is token 256 again");
  refused({"a"}, {}, "bpe: byte 0 has no token");
  refused({"a", ""}, {}, "bpe: token 1 is empty or not UTF-8");
  check_error([&] { fits.decode(Ids{259}); }, "bpe: expected an id in [0, 259), got 259");
}

TEST_CASE("byte pairs: GPT-2's files") {
  const TempDir folder;
  const std::string vocab = folder / "vocab.json", merges = folder / "merges.txt";
  Json ids = Json::object();
  const Words letters = all_bytes();
  for (size_t id = 0; id < 256; ++id) ids.set(letters[id], id);
  ids.set("Ġt", 256).set("Ġth", 257).set("<|endoftext|>", 258);
  std::ofstream(vocab) << ids.dump();
  std::ofstream(merges) << "#version: 0.2\nĠ t\nĠt h\n";
  const auto tokenizer = read_gpt2_tokenizer(vocab, merges);
  CHECK(tokenizer.encode(" the t") == Ids{257, *tokenizer.find("e"), 256});
  CHECK(tokenizer.find("<|endoftext|>") == 258);
  std::ofstream(merges) << "#version: 0.2\nĠ t h\n";
  check_error([&] { read_gpt2_tokenizer(vocab, merges); },
              "merges.txt:2: expected a pair of tokens, got");
  std::ofstream(merges) << "#version: 0.2\nt h\n";
  check_error([&] { read_gpt2_tokenizer(vocab, merges); }, "merges.txt: bpe: merge 0 (\"t h\")");
  std::ofstream(vocab) << ids.set("Ġt", 257).dump();
  check_error([&] { read_gpt2_tokenizer(vocab, merges); }, "expected an id below 259 that no");
  CHECK_THROWS_AS(read_gpt2_tokenizer(vocab, merges), heed::FileError);
}

/// HEED_GPT2 names a folder with GPT-2's own vocab.json and merges.txt.
TEST_CASE("byte pairs: GPT-2's own vocabulary gives GPT-2's ids") {
  const char* folder = std::getenv("HEED_GPT2");
  if (!folder) return;
  const auto tokenizer =
      read_gpt2_tokenizer(std::string(folder) + "/vocab.json", std::string(folder) + "/merges.txt");
  CHECK(tokenizer.size() == 50257);
  const Json json = cases();
  const JsonReader file(json, "cases");
  const Words texts = words_of(file.at("texts"));
  for (size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    CHECK(tokenizer.encode(texts[i]) == ids_of(file.at("gpt2").at(i)));
  }
}
