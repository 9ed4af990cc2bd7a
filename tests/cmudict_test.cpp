#include "heed/models/data/cmudict.h"

#include <cstdlib>
#include <fstream>
#include <optional>

#include "heed/core/error.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;
using Phones = std::vector<std::string>;

namespace {

std::string file(const TempDir& folder, std::string_view text) {
  const std::string path = folder / "dict.out";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string word(const Example& example) { return join(Unit::character, example.source); }

/// Sets the variable, or unsets it for null, until the end of the scope.
class Environment {
 public:
  explicit Environment(const char* value) {
    const char* before = std::getenv("HEED_CMUDICT");
    if (before) before_ = before;
    set(value);
  }
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static void set(const char* value) {
    if (value) {
      setenv("HEED_CMUDICT", value, 1);
    } else {
      unsetenv("HEED_CMUDICT");
    }
  }
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("lines of the dictionary") {
  const TempDir folder;
  const auto examples =
      read_cmudict(file(folder,
                        "MNCL\n"
                        "; a comment with (( \" in it\n"
                        "(\"a\" dt (((ax) 0)))\n"
                        "(\"a\" n (((ey) 1)))\n"
                        "\n"
                        "(\"abandon\" nil (((ax) 0) ((b ae n) 1) ((d ax n) 0)))\r\n"
                        "(\"abject\" n (((ae b) 1) ((jh eh k t) 0)))\n"
                        "(\"abject\" v (((ae b) 0) ((jh eh k t) 1)))\n"
                        " ( \"Zwei\"\tn ( ( ( z w ay )1) ) ) \n"
                        "(\"o'clock\" nil (((ax) 0) ((k l aa k) 1)))\n"
                        "(\"caf\xe9\" nil (((k ax) 0) ((f ey) 1)))\n"
                        "(\"say \\\"hi\\\"\" nil (((s ey) 1)))\n"
                        "(\"mp3\" nil (((eh m) 1)))"));
  REQUIRE(examples.size() == 4);
  CHECK(word(examples[0]) == "a");
  CHECK(examples[0].targets == std::vector<Phones>{{"ax"}, {"ey"}});
  CHECK(word(examples[1]) == "abandon");
  CHECK(examples[1].targets == std::vector<Phones>{{"ax", "b", "ae", "n", "d", "ax", "n"}});
  CHECK(word(examples[2]) == "abject");  // both differ in stress alone
  CHECK(examples[2].targets == std::vector<Phones>{{"ae", "b", "jh", "eh", "k", "t"}});
  CHECK(word(examples[3]) == "zwei");
  CHECK(examples[3].targets == std::vector<Phones>{{"z", "w", "ay"}});
}

TEST_CASE("nonsense in the dictionary is an error with its line") {
  const TempDir folder;
  const auto error_of = [&](std::string line, std::string_view part) {
    CAPTURE(line);
    const auto path = file(folder, "MNCL\n" + line + "\n");
    check_error([&] { read_cmudict(path); }, part);
    check_error([&] { read_cmudict(path); }, "dict.out:2: expected ");
    CHECK_THROWS_AS(read_cmudict(path), heed::FileError);
  };
  error_of("abandon  AH B AE N", "expected '(' at column 1 of \"abandon  AH B AE N\"");
  error_of("(abandon nil (((ax) 0)))", "expected '\"' at column 2");
  error_of("(\"abandon nil (((ax) 0)))", "the word's closing quote");
  error_of("(\"abandon\\", "the word's closing quote");
  error_of("(\"\" nil (((ax) 0)))", "a word between the quotes");
  error_of("(\"a\" (((ax) 0)))", "a part of speech at column 6");
  error_of("(\"a\" nil (ax))", "expected '('");
  error_of("(\"a\" nil (((ax (b)) 0)))", "a phone");
  error_of("(\"a\" nil (((ax)0)\xff))", "expected '('");
  error_of("(\"a\" nil (((\xe9) 0)))", "a phone at column 13 of \"(\"a\" nil (((\\xe9) 0)))\"");
  error_of("(\"a\" nil (((ax))))", "a stress");
  error_of("(\"a\" nil (((ax) x)))", "a stress of one digit");
  error_of("(\"a\" nil (((ax) 10)))", "a stress of one digit");
  error_of("(\"a\" nil (((ax) 0))", "expected ')' at column 20");
  error_of("(\"a\" nil (((ax) 0)", "expected '('");
  error_of("(\"a\" nil (((ax) 0))))", "the end of the line");
  error_of("(\"a\" nil (((ax) 0))) ; no comment here", "the end of the line");
  error_of("(\"a\" nil ())", "a word with phones");
  error_of("(\"a\" nil ((() 0)))", "a word with phones");
  error_of(std::string("(\"a\" nil (((ax) 0)))\0", 21), "the end of the line");
  error_of(std::string("(\"a\" nil (\0(ax) 0)))", 20), "expected '('");
  error_of(std::string(100000, '('), "expected '\"' at column 2");
}

TEST_CASE("every cut of a line is an error or nothing") {
  const TempDir folder;
  const std::string line = "(\"abandon\" nil (((ax) 0) ((b ae n) 1) ((d ax n) 0)))";
  for (size_t size = 1; size < line.size(); ++size) {
    const auto path = file(folder, line.substr(0, size));
    check_error([&] { read_cmudict(path); }, "dict.out:1: expected ");
  }
}

TEST_CASE("a dictionary without words, or no file") {
  const TempDir folder;
  check_error([&] { read_cmudict(file(folder, "MNCL\n")); }, "expected entries of a dictionary");
  check_error([&] { read_cmudict(folder / "none"); }, "none: cannot open");
  CHECK_THROWS_AS(read_cmudict(folder / "none"), heed::IoError);
}

TEST_CASE("where the dictionary is found") {
  const TempDir folder;
  const std::vector<std::string> candidates = {folder / "missing", file(folder, "MNCL\n")};
  {
    const Environment unset(nullptr);
    CHECK(find_cmudict(candidates) == candidates[1]);
  }
  const std::string chosen = folder / "chosen.out";
  const Environment set(chosen.c_str());
  check_error([&] { find_cmudict(candidates); },
              "chosen.out: no such file (HEED_CMUDICT names it)");
  std::ofstream(chosen) << "MNCL\n";
  CHECK(find_cmudict(candidates) == chosen);
}

TEST_CASE("the whole dictionary, where it is installed") {
  std::string path;
  try {
    path = find_cmudict();
  } catch (const heed::IoError&) {
    return;  // another machine checks it
  }
  const auto examples = read_cmudict(path);
  CHECK(examples.size() == 105664);
  CHECK(target_vocabulary(examples).size() == 4 + 40);
  CHECK(source_vocabulary(examples).size() == 4 + 26);
}
