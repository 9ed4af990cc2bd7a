#include "heed/core/io/files.h"
#include "tests/catch.h"
#include "tests/cli.h"

using namespace heed;

namespace {

const std::string cat = "the cat sat on the mat\n";

/// A folder with a text and another file.
struct Texts {
  TempDir folder;
  Texts() {
    write_file_atomic(folder / "in.txt", cat);
    write_file_atomic(folder / "other.txt", "dear diary");
  }
};

}  // namespace

TEST_CASE("tokens never replaces the text, and no other file unless it is told to") {
  const Texts texts;
  const TempDir& folder = texts.folder;
  check_usage_error(folder, "tokens in.txt in.txt --force", "in.txt is the text itself");
  check_usage_error(folder, "tokens in.txt ./in.txt", "is the text itself");
  check_usage_error(folder, "tokens in.txt other.txt", "exists, and is no token file; --force");
  check_usage_error(folder, "tokens in.txt . --force", "expected the name of a file to write");
  CHECK(read_file(folder / "in.txt") == cat);
  CHECK(read_file(folder / "other.txt") == "dear diary");
  CHECK(heed_in(folder, "tokens in.txt new.tok").code == 0);
  CHECK(heed_in(folder, "tokens in.txt new.tok --tokens word").code == 0);
  CHECK(heed_in(folder, "tokens in.txt other.txt --force").code == 0);
  CHECK(read_file(folder / "other.txt").starts_with("heedtok1"));
  contains(heed_in(folder, "tokens --help").out, "heed tokens INPUT.txt OUTPUT.tok");
}

TEST_CASE("choices of tokens that make no sense name their flags") {
  const Texts texts;
  const std::string tokens = "tokens in.txt out.tok ";
  check_usage_error(texts.folder, tokens + "--tokens foo", "--tokens: expected character or word");
  check_usage_error(texts.folder, tokens + "--min-count 0", "--min-count: expected an integer");
  check_usage_error(texts.folder, tokens + "--vocabulary 5",
                    "--vocabulary: expected 0 or an integer from 256 up for --tokens bpe, got 5");
  check_usage_error(texts.folder, tokens + "--vocabulary 4 --tokens word", "from 5 up");
  check_usage_error(texts.folder, tokens + "--vocabulary 4 --tokens character",
                    "--vocabulary and --min-count go with --tokens word or bpe");
  check_usage_error(texts.folder, tokens + "--gpt2 . --tokens word", "--gpt2 exclude each other");
  check_usage_error(texts.folder, "train lm --data in.txt --tokens bpe --vocabulary 5",
                    "--vocabulary: expected 0 or an integer from 256 up");
  check_usage_error(texts.folder, "train classify --vocabulary 3", "from 5 up for --tokens word");
  CHECK(heed_in(texts.folder, tokens + "--vocabulary 256").code == 0);
  check_usage_error(texts.folder, "train lm --data out.tok --tokens word",
                    "out.tok is a file of tokens already");
}
