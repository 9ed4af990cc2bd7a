#include "heed/core/io/files.h"
#include "tests/catch.h"
#include "tests/cli.h"

using namespace heed;

namespace {

/// A folder with runs/lm, a GPT that reads 8 characters, and text.txt, of the letters a to d.
const TempDir& language_model() {
  static const TempDir folder;
  static const bool done = [] {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "abcd dcba abba\n";
    write_file_atomic(folder / "text.txt", text);
    const Called called = heed_in(folder,
                                  "train lm --data text.txt --quiet --set steps=1 --set layers=2"
                                  " --set heads=2 --set width=8 --set context=8");
    INFO(called.err);
    REQUIRE(called.code == 0);
    return true;
  }();
  REQUIRE(done);
  return folder;
}

void check_failure(const TempDir& folder, const std::string& arguments, int code,
                   std::string_view part) {
  const Called called = heed_in(folder, arguments);
  INFO(arguments << ": " << called.err);
  CHECK(called.code == code);
  CHECK(called.err.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("flags of sampling that make no sense are wrong usage") {
  for (const char* value : {"0", "-1", "1.5", "nan"}) {
    check_usage_error("generate model.json --top-p " + std::string(value), "--top-p: expected");
  }
  check_usage_error("generate model.json --top-k -1", "--top-k: expected an integer from 0 up");
  check_usage_error("generate model.json --temperature nan", "--temperature: expected a number");
}

TEST_CASE("variables of the environment that make no sense are wrong usage") {
  const TempDir folder;
  const Called threads = heed_in(folder, "--version", "HEED_THREADS=abc");
  CHECK(threads.code == 2);
  contains(threads.err, "heed: HEED_THREADS: expected a number of threads, got \"abc\"");
  CHECK(heed_in(folder, "--version", "HEED_ISA=mmx").code == 2);
  CHECK(heed_in(folder, "--help", "HEED_THREADS=abc").code == 0);
}

TEST_CASE("a text that a language model cannot read is named, with what it can") {
  const TempDir& folder = language_model();
  check_failure(folder, "generate runs/lm --prompt 'abQ'", 1,
                "\"abQ\": the model does not know \"Q\"; it reads ␊ ␣ a b c d");
  check_failure(folder, "attention runs/lm 'abQ'", 1, "the model does not know \"Q\"");
  check_failure(folder, "attention runs/lm abcdabcda", 1,
                "the text has 9 tokens, the model reads at most 8");
  CHECK(heed_in(folder, "attention runs/lm abcdabcd").code == 0);
  contains(heed_in(folder, "predict runs/lm --help").out, "a gpt, goes on with a text: heed gen");
}

TEST_CASE("a head that is not there: which there are, or why none is") {
  CHECK(heed_in(language_model(), "attention runs/lm abc --layer 2 --head 2").code == 0);
  check_failure(language_model(), "attention runs/lm abc --layer 3 --head 1", 1,
                "there is no such head; there are 1.1, 1.2, 2.1, 2.2 (layer.head)");
  check_failure(trained(), "attention runs/pairs abc --layer 1 --head 1", 1,
                "this model attends once, without heads");
}

TEST_CASE("a file that is no model is called what it is") {
  const TempDir& folder = trained();
  check_failure(folder, "predict pairs.tsv abc", 3, "pairs.tsv: this is not a model of heed");
  check_failure(folder, "inspect runs/pairs/run.json", 3,
                "run.json: this is the record of a run; the model is model.json beside it");
  REQUIRE(heed_in(folder, "tokens pairs.tsv small.tok --tokens character").code == 0);
  check_failure(folder, "generate small.tok", 3, "not a model of heed but a file of tokens");
  const Called tokens = heed_in(folder, "inspect small.tok");
  CHECK(tokens.code == 0);
  contains(tokens.out, "kind        character");
  contains(tokens.out, "vocabulary  8");
  const auto json = json_lines(heed_in(folder, "inspect small.tok --json").out);
  CHECK(json.at(0).find("vocabulary")->as_int() == 8);
}

TEST_CASE("without UTF-8, an arrow is made of ASCII") {
  const TempDir& folder = trained();
  const Called called = heed_in(folder, "attention runs/pairs abc", "LC_ALL=C");
  CHECK(called.code == 0);
  contains(called.out, "abc -> ");
}
