#include "tests/cli.h"

#include <sys/wait.h>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "tests/catch.h"

using namespace heed;

Called shell(const TempDir& folder, const std::string& line) {
  const std::string out = folder / "out", err = folder / "err";
  const std::string all =
      "cd " + folder.path().string() + "; { " + line + "; } >" + out + " 2>" + err;
  const int status = std::system(all.c_str());
  REQUIRE(WIFEXITED(status));
  return {.code = WEXITSTATUS(status), .out = read_file(out), .err = read_file(err)};
}

Called heed_in(const TempDir& folder, const std::string& arguments, const std::string& before) {
  return shell(folder, before + " " + heed_program().string() + " " + arguments);
}

void check_usage_error(const std::string& arguments, std::string_view part) {
  check_usage_error(TempDir(), arguments, part);
}

void check_usage_error(const TempDir& folder, const std::string& arguments, std::string_view part) {
  const Called called = heed_in(folder, arguments);
  INFO(arguments << ": " << called.err);
  CHECK(called.code == 2);
  CHECK(called.out.empty());
  CHECK(called.err.find(part) != std::string::npos);
  CHECK(called.err.find("--help") != std::string::npos);
}

void contains(const std::string& text, std::string_view part) {
  INFO("expected \"" << std::string(part) << "\" in:\n" << text);
  CHECK(text.find(part) != std::string::npos);
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(parse_json(line, "line"));
  return lines;
}

void write_pairs(const TempDir& folder) {
  std::ofstream file(folder / "pairs.tsv");
  Generator generator(3);
  for (int i = 0; i < 400; ++i) {
    std::string small, large;
    const int64_t length = 2 + generator.integer(5);
    for (int64_t k = 0; k < length; ++k) {
      small += char('a' + generator.integer(3));
      large += char(small.back() - 'a' + 'A');
    }
    file << small << '\t' << large << '\n';
  }
}

const TempDir& trained() {
  static const TempDir folder;
  static const bool done = [] {
    write_pairs(folder);
    const Called called =
        heed_in(folder, "train pairs --data pairs.tsv --set steps=40 --quiet" + small);
    INFO(called.err);
    REQUIRE(called.code == 0);
    return true;
  }();
  REQUIRE(done);
  return folder;
}
