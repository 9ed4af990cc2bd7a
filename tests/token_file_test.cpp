#include <fstream>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/io/files.h"
#include "heed/models/data/token_source.h"
#include "heed/models/data/windows.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::data;
using Ids = std::vector<int64_t>;

namespace {

std::string sample_text() {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "línea " + std::to_string(i * i) + ",  it's\n\n";
  return text;
}

Ids all_of(const TokenSource& source) {
  Ids ids(size_t(source.size()));
  source.read(0, ids);
  return ids;
}

Ids counting(int64_t count) {
  Ids ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(i);
  return ids;
}

/// A token file of "abcabc..." in characters.
std::string small_file(const TempDir& folder) {
  write_file_atomic(folder / "text", "abcabcabc");
  write_token_file(folder / "ids", folder / "text", *train_tokenizer("abc"));
  return folder / "ids";
}

}  // namespace

TEST_CASE("texts that are empty or no UTF-8 are refused before anything is written") {
  const TempDir folder;
  const std::string text = folder / "text.txt";
  const auto refused = [&](std::string_view bytes, std::string_view why) {
    std::ofstream(text, std::ios::binary) << bytes;
    const auto known = data::train_tokenizer("abc", {.kind = "bpe", .vocabulary = 300});
    check_error([&] { data::train_tokenizer_of_file(text, {.kind = "bpe", .vocabulary = 300}); },
                why);
    check_error([&] { data::write_token_file(folder / "ids", text, *known); }, why);
    CHECK_FALSE(std::filesystem::exists(folder / "ids"));
  };
  refused("", "text.txt: the file is empty");
  refused("ab \xff\xfe cd", "text.txt: expected text in UTF-8");
}

TEST_CASE("token file: the ids of a text, and the tokenizer") {
  const TempDir folder;
  const std::string text = sample_text(), path = folder / "ids";
  write_file_atomic(folder / "text", text);
  const std::string kind = GENERATE("character", "word", "bpe");
  const auto tokenizer = train_tokenizer_of_file(
      folder / "text", {.kind = kind, .vocabulary = kind == "bpe" ? 300 : 0});
  CHECK(tokenizer->to_json() ==
        train_tokenizer(text, {.kind = kind, .vocabulary = kind == "bpe" ? 300 : 0})->to_json());
  const Ids ids = tokenizer->encode(text);
  CHECK(write_token_file(path, folder / "text", *tokenizer) == int64_t(ids.size()));
  CHECK(is_token_file(path));
  CHECK_FALSE(is_token_file(folder / "text"));
  const TokenFile file(path);
  CHECK(all_of(file) == ids);
  CHECK(file.tokenizer()->to_json() == tokenizer->to_json());
  Ids some(5);
  file.read(7, some);
  CHECK(some == Ids(ids.begin() + 7, ids.begin() + 12));
  const TokenPart part(file, 10, 20);
  CHECK(all_of(part) == Ids(ids.begin() + 10, ids.begin() + 20));
  check_error([&] { TokenPart(file, 5, file.size() + 1); }, "TokenPart: expected a part of [0,");
}

TEST_CASE("token file: large vocabularies take four bytes") {
  const TempDir folder;
  std::string text;
  for (int i = 0; i < 70'000; ++i) text += std::to_string(i) + " ";
  write_file_atomic(folder / "text", text);
  const auto tokenizer = train_tokenizer(text, {.kind = "word"});
  write_token_file(folder / "ids", folder / "text", *tokenizer);
  const TokenFile file(folder / "ids");
  CHECK(all_of(file) == tokenizer->encode(text));
}

TEST_CASE("a file is read in parts that no token crosses") {
  const TempDir folder;
  const std::string text = sample_text();
  write_file_atomic(folder / "text", text);
  const auto tokenizer = train_tokenizer(text, {.kind = "bpe", .vocabulary = 400});
  for (const size_t most : {20, 64, 1000, 1 << 20}) {
    std::string whole;
    Ids ids;
    for_each_part(
        folder / "text",
        [&](std::string_view part) {
          whole += part;
          const Ids more = tokenizer->encode(part);
          ids.insert(ids.end(), more.begin(), more.end());
        },
        most);
    CHECK(whole == text);
    CHECK(ids == tokenizer->encode(text));
  }
  write_file_atomic(folder / "text", "ééééééééééé");  // no white space: cut at characters
  for_each_part(
      folder / "text", [](std::string_view part) { CHECK(part.size() % 2 == 0); }, 4);
  write_file_atomic(folder / "text", "дом\u2003дом \u2003дом дом\u00a0\u00a0дом");
  std::vector<std::string> parts;
  for_each_part(
      folder / "text", [&](std::string_view part) { parts.emplace_back(part); }, 13);
  CHECK(parts == std::vector<std::string>{"дом", "\u2003дом \u2003дом", " дом", "\u00a0\u00a0дом"});
}

TEST_CASE("words with white space of their own are never cut") {
  const TempDir folder;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "quoi\u00a0? dit\u2003il\n";
  write_file_atomic(folder / "text", text);
  const auto tokenizer = train_tokenizer(text, {.kind = "word"});
  CHECK(tokenizer->size() == 2);
  for (const size_t most : {30, 31, 32, 33, 34, 35, 36, 37}) {
    Ids ids;
    for_each_part(
        folder / "text",
        [&](std::string_view part) {
          for (const int64_t id : tokenizer->encode(part)) ids.push_back(id);
        },
        most);
    CHECK(ids == tokenizer->encode(text));
  }
}

TEST_CASE("a list holds the ids of a text, which is encoded in parts") {
  const std::string kind = GENERATE("character", "word", "bpe");
  std::string text;
  while (text.size() < 2'500'000) text += sample_text() + "le\u00a0mot !";
  const auto tokenizer =
      train_tokenizer(sample_text() + "le\u00a0mot !",
                      {.kind = kind, .vocabulary = kind == "bpe" ? 300 : 0, .specials = true});
  const TokenList list(*tokenizer, text);
  const Ids ids = tokenizer->encode(text);
  CHECK(all_of(list) == ids);
  Ids some(5);
  list.read(7, some);
  CHECK(some == Ids(ids.begin() + 7, ids.begin() + 12));
  CHECK(TokenList(*tokenizer, "").size() == 0);
}

TEST_CASE("a long text has the same tokens as its lines") {
  std::string text;
  Ids ids;
  const auto tokenizer = train_tokenizer(sample_text() + "не знаю", {.kind = "word"});
  for (int i = 0; i < 9000; ++i) {  // no letter of it is ASCII
    text += "не знаю\n";
    for (const int64_t id : tokenizer->encode("не знаю\n")) ids.push_back(id);
  }
  CHECK(tokenizer->encode(text) == ids);
}

TEST_CASE("token file: headers that do not fit, ids that are none, changed files") {
  const TempDir folder;
  const std::string path = small_file(folder), bytes = read_file(path);
  const auto refused = [&](std::string changed, std::string_view part) {
    std::ofstream(path, std::ios::binary) << changed;
    check_error([&] { all_of(TokenFile(path)); }, part);
    CHECK_THROWS_AS(all_of(TokenFile(path)), FileError);
  };
  const auto with = [&](size_t place, char value) {
    std::string changed = bytes;
    changed[place] = value;
    return changed;
  };
  refused("", "ids: expected a token file, which begins with heedtok1");
  refused(bytes.substr(0, 31), "expected a token file");
  refused(with(0, 'x'), "expected a token file");
  refused(with(8, 3), "expected ids of 2 or 4 bytes, got 3");
  refused(with(12, 1), "expected ids of 2 or 4 bytes");
  refused(with(8, 4), "do not fit the file");
  refused(with(16, 10), "10 ids of 2 bytes");
  refused(with(30, 1), "do not fit the file");
  refused(bytes.substr(0, bytes.size() - 1), "do not fit the file");
  refused(bytes + "x", "do not fit the file");
  refused(with(32, 'x'), "ids:1:1:");
  refused(with(bytes.size() - 2, 3), "ids: expected ids below 3, got 3");
  std::ofstream(path, std::ios::binary) << bytes;
  const TokenFile file(path);
  CHECK(all_of(file) == Ids{0, 1, 2, 0, 1, 2, 0, 1, 2});
  std::filesystem::resize_file(path, bytes.size() - 4);
  check_error([&] { all_of(file); }, "ids: was changed while it was read");
  CHECK_THROWS_AS(TokenFile(folder / "none"), IoError);
  CHECK_THROWS_AS(TokenFile(folder.path()), IoError);
}

TEST_CASE("token file: a text that cannot be encoded leaves the old file") {
  const TempDir folder;
  const std::string path = small_file(folder), bytes = read_file(path);
  write_file_atomic(folder / "text", "abcd");
  check_error([&] { write_token_file(path, folder / "text", *train_tokenizer("abc")); },
              "\"d\" is not among the 3 tokens");
  CHECK(read_file(path) == bytes);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
  std::ofstream(folder / "text", std::ios::binary) << "abc\xff";
  for (const char* kind : {"character", "bpe"}) {
    INFO(kind);
    check_error(
        [&] { train_tokenizer_of_file(folder / "text", {.kind = kind, .vocabulary = 256}); },
        "text: expected text in UTF-8");
  }
}

TEST_CASE("random windows: each token and the one after it, by the seed and the number alone") {
  const Ids fifty = counting(50), seven = counting(7);
  const TokenView text(fifty), tight(seven);
  RandomWindows windows(text, 4, 6, 1), same(text, 4, 6, 1), other(text, 4, 6, 2);
  bool differs = false, moved = false;
  for (int i = 0; i < 20; ++i) {
    const auto [in, out] = windows.next();
    CHECK(in.shape() == Shape{4, 6});
    CHECK(equal(out, in + 1));
    CHECK(equal(same.next().in, in));
    differs |= !equal(other.next().in, in);
    moved |= in.at({0, 0}) != in.at({1, 0});
  }
  CHECK(differs);
  CHECK(moved);
  same.set_state(7);
  const Tensor seventh = same.next().in;
  CHECK(same.state() == 8);
  windows.set_state(7);
  CHECK(equal(windows.next().in, seventh));
  CHECK(RandomWindows(tight, 1, 6, 1).next().in.at({0, 0}) == 0);  // there is only one place
  check_error([&] { RandomWindows(tight, 1, 7, 1); }, "has 7 tokens, and a window 7 and one more");
  check_error([&] { RandomWindows(tight, 0, 3, 1); }, "rows and length of at least 1, got 0 and 3");
  check_error([&] { windows.set_state(-1); }, "at least 0, got -1");
}
