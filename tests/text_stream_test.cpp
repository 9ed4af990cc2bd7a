#include "heed/models/data/text_stream.h"

#include "heed/core/generator.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/word_piece.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::data;
using Ids = std::vector<int64_t>;

namespace {

Ids random_ids(const Tokenizer& tokenizer, int64_t count, uint64_t seed) {
  Generator generator(seed);
  Ids ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(generator.integer(tokenizer.size()));
  return ids;
}

/// The text of ids behind a prompt, token by token; each piece has to be whole characters.
std::string streamed(const Tokenizer& tokenizer, const Ids& prompt, const Ids& ids) {
  TextStream stream(tokenizer, prompt);
  std::string text;
  for (const int64_t id : ids) {
    const std::string more = stream.add(id);
    CHECK(valid_utf8(more));
    text += more;
  }
  return text + stream.rest();
}

/// Counts how often it is asked for the text of a token.
class Counting final : public Tokenizer {
 public:
  std::string kind() const override { return "character"; }
  int64_t size() const override { return 1; }
  Ids encode(std::string_view text) const override { return Ids(text.size()); }
  void append(std::string& text, int64_t) const override {
    ++asked;
    text += 'a';
  }
  std::string piece(int64_t) const override { return "a"; }
  std::optional<int64_t> find(std::string_view) const override { return 0; }
  Json to_json() const override { return Json::object(); }

  mutable int64_t asked = 0;
};

}  // namespace

TEST_CASE("a text given out token by token is the text of all tokens") {
  const std::string text = "el niño vio 3 €, 你好 😀\nel fin";
  std::vector<std::shared_ptr<const Tokenizer>> tokenizers = {
      train_tokenizer(text), train_tokenizer(text, {.kind = "word", .specials = true}),
      train_tokenizer(text, {.kind = "bpe", .vocabulary = 270, .specials = true})};
  tokenizers.push_back(std::make_shared<WordPieceTokenizer>(std::vector<std::string>{
      "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "el", "##los", "##", "niño", "."}));
  for (const auto& tokenizer : tokenizers) {
    INFO(tokenizer->kind());
    const Ids prompt = tokenizer->encode("el niño");
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const Ids ids = random_ids(*tokenizer, 40, seed);
      CHECK(streamed(*tokenizer, {}, ids) == repaired_utf8(tokenizer->decode(ids)));
      Ids both = prompt;
      both.insert(both.end(), ids.begin(), ids.end());
      CHECK(tokenizer->decode(prompt) + streamed(*tokenizer, prompt, ids) ==
            repaired_utf8(tokenizer->decode(both)));
    }
  }
}

TEST_CASE("a character of several tokens is given out with the last of them") {
  const auto tokenizer = train_tokenizer("", {.kind = "bpe", .vocabulary = 256});
  const auto bytes = [&](std::string_view text) { return tokenizer->encode(text); };
  TextStream stream(*tokenizer);
  std::vector<std::string> given;
  for (const int64_t id : bytes("a€\xff\xe2\x82\xac")) given.push_back(stream.add(id));
  CHECK(given == std::vector<std::string>{"a", "", "", "€", "", "\ufffd", "", "€"});
  CHECK(stream.rest().empty());
  for (const int64_t id : bytes("\xf0\x9f\x98")) CHECK(stream.add(id).empty());
  CHECK(stream.add(bytes("b")[0]) == "\ufffd\ufffd\ufffdb");
  CHECK(stream.add(bytes("\xc3")[0]).empty());
  CHECK(stream.rest() == "\ufffd");
  CHECK(stream.rest().empty());
}

TEST_CASE("each token of a stream is decoded once") {
  const Counting tokenizer;
  CHECK(streamed(tokenizer, Ids(7), Ids(500)) == std::string(500, 'a'));
  CHECK(tokenizer.asked == 507);
}
