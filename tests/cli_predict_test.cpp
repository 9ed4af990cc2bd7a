#include "heed/core/io/files.h"
#include "tests/catch.h"
#include "tests/cli.h"

using namespace heed;

namespace {

/// A folder with runs/series, which reads 4 values and predicts 2, and runs/classify.
const TempDir& models() {
  static const TempDir folder;
  static const bool done = [] {
    const Called series =
        heed_in(folder, "train series --quiet --past 4 --horizon 2 --set steps=1 --set hidden=4");
    INFO(series.err);
    REQUIRE(series.code == 0);
    const Called classify =
        heed_in(folder, "train classify --quiet --set steps=1 --set embedding=4 --set hidden=4");
    INFO(classify.err);
    REQUIRE(classify.code == 0);
    return true;
  }();
  REQUIRE(done);
  return folder;
}

}  // namespace

TEST_CASE("predict keeps line for line, and names the lines that cannot be read") {
  const TempDir& folder = trained();
  const Called lines = heed_in(folder, "predict runs/pairs", "printf 'abc\\n\\naéb\\ncab\\n' |");
  CHECK(lines.code == 1);
  CHECK(lines.out.starts_with("abc\t"));
  contains(lines.out, "\n\t\naéb\t\ncab\t");
  contains(lines.err, "line 2: \"\": there is nothing to read");
  contains(lines.err, "line 3: \"aéb\": the model does not know \"é\"");
  const auto json = json_lines(heed_in(folder, "predict runs/pairs --json abc é").out);
  REQUIRE(json.size() == 2);
  CHECK(json[0].find("target"));
  CHECK_FALSE(json[1].find("target"));
  contains(json[1].find("error")->as_string(), "does not know");
}

TEST_CASE("a model of series reads numbers, a file, or stdin") {
  const TempDir& folder = models();
  const Called numbers = heed_in(folder, "predict runs/series 9 -1 2.5 -.5 4");
  INFO(numbers.err);
  CHECK(numbers.code == 0);
  CHECK(numbers.out.starts_with("values\t"));
  const std::string forecast = numbers.out.substr(numbers.out.find('\t'));
  write_file_atomic(folder / "s.csv", "time,value\n1,9\n2,-1\n3,2.5\n4,-.5\n5,4\n");
  CHECK(heed_in(folder, "predict runs/series s.csv").out == "s.csv" + forecast);
  CHECK(heed_in(folder, "predict runs/series", "cat s.csv |").out == "-" + forecast);
  const Called few = heed_in(folder, "predict runs/series 1 2");
  CHECK(few.code == 1);
  contains(few.err, "values: expected at least 4 values, got 2");
  contains(few.err, "reads a CSV file");
  const Called words = heed_in(folder, "predict runs/series no nor");
  contains(words.err, "no: cannot open");
  contains(words.err, "reads a CSV file (- is stdin), or the last values of a series");
  CHECK(words.err.find("nor") == std::string::npos);
  contains(heed_in(folder, "predict runs/series --help").out, "reads a CSV file");
}

TEST_CASE("a classifier says how sure it is") {
  const Called called = heed_in(models(), "predict runs/classify 'the cat sleeps'");
  CHECK(called.code == 0);
  const bool english = called.out.starts_with("the cat sleeps\tenglish\t0.");
  CHECK((english || called.out.starts_with("the cat sleeps\tfrench\t0.")));
}

TEST_CASE("evaluate repeats the run's choices, and takes no flags of training") {
  const TempDir& folder = trained();
  const Called called = heed_in(folder, "evaluate runs/pairs --json");
  CHECK(called.code == 0);
  contains(called.err, "heed: evaluate: --data pairs.tsv, as in runs/pairs/run.json");
  CHECK(called.out == heed_in(folder, "evaluate --data pairs.tsv runs/pairs --json").out);
  CHECK(heed_in(folder, "evaluate runs/pairs --data pairs.tsv").err.empty());
  check_usage_error(folder, "evaluate runs/pairs --unit word", "unknown flag --unit");
  check_usage_error(models(), "evaluate runs/series --past 10", "unknown flag --past");
  std::filesystem::create_directories(folder / "alone");
  std::filesystem::copy(folder / "runs/pairs/model.json", folder / "alone/model.json");
  check_usage_error(folder, "evaluate alone", "--data FILE is missing");
}
