#include <algorithm>

#include "heed/core/io/files.h"
#include "tests/catch.h"
#include "tests/cli.h"

using namespace heed;

namespace {

std::string help_of(const std::string& words) {
  const TempDir folder;
  const Called called = heed_in(folder, words + " --help");
  INFO(called.err);
  CHECK(called.code == 0);
  return called.out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("help of a task is about that task, and lists all its models") {
  const std::string lm = help_of("train lm");
  CHECK(lm.starts_with("usage: heed train lm [FLAGS]\n\n  predict a text"));
  CHECK_FALSE(has(lm, "pronounce English"));
  CHECK_FALSE(has(lm, "seed = "));
  contains(lm, "--seed N");
  contains(help_of("train translate"), "\n  transformer  encoder and decoder");
  contains(help_of("train series"), "--column NAME");
  const std::string classify = help_of("train classify");
  contains(classify, "--data FILE|DIR");
  contains(classify, "(else two languages are generated)");
  for (const char* model : {"vit ", "row_lstm ", "(images)", "(texts)"}) contains(classify, model);
  contains(help_of("train classify --model vit"), "values that a vit for classify has");
  contains(help_of("train"), "heed train TASK --help");
  check_usage_error("train classify --model vit", "the model vit reads images");
  check_usage_error("train classify --model vot", "text_classifier (texts)");
}

TEST_CASE("help of a command that reads a model is about the model") {
  const TempDir& folder = trained();
  contains(heed_in(folder, "predict --help").out, "heed predict MODEL --help says");
  contains(heed_in(folder, "predict runs/pairs --help").out, "a bahdanau, reads a text;");
  contains(heed_in(folder, "attention runs/pairs --help").out, "a bahdanau, reads a text.");
  contains(heed_in(folder, "evaluate --help").out, "heed evaluate MODEL --help lists");
  const std::string evaluate = heed_in(folder, "evaluate runs/pairs --help").out;
  contains(evaluate, "--data FILE");
  CHECK_FALSE(has(evaluate, "--teacher-forcing"));
  contains(help_of(""), "heed evaluate MODEL --help");
}

TEST_CASE("mistyped words get the name that they begin, or the nearest") {
  check_usage_error("generate m --temp 1", "did you mean --temperature?");
  check_usage_error("generate m --temprature 1", "did you mean --temperature?");
  check_usage_error("train dates --set lerning_rate=1", "did you mean learning_rate?");
}

TEST_CASE("tutorials say what they read, where pictures go, and what shortened ones prove") {
  const TempDir folder;
  const std::string list = heed_in(folder, "tutorial --help").out;
  contains(list, "moons            a perceptron of scalars");
  contains(list, "needs a FILE: tinyshakespeare");
  contains(list, "runs/tutorials/NAME");
  const std::string names = heed_in(folder, "tutorial --list").out;
  CHECK_FALSE(has(names, " "));
  check_usage_error("tutorial moons extra", "expected flags alone, and no \"extra\"");
  const Called shortened = heed_in(folder, "tutorial moons --steps 1");
  CHECK(shortened.code == 0);
  contains(shortened.out, "shortened by --steps: proves nothing");
  contains(shortened.out, "wrote runs/tutorials/moons/moons.svg");
  CHECK(std::filesystem::exists(folder / "runs/tutorials/moons/moons.svg"));
}

TEST_CASE("a tutorial that is not there is built by the command that is shown") {
  const TempDir folder;
  const std::string program = heed_program().string();
  std::filesystem::create_directories(folder / "build/bin");
  std::filesystem::copy(heed_program(), folder / "build/bin/heed");
  const std::string library = (heed_program().parent_path().parent_path() / "lib").string();
  const auto call = [&] {
    return shell(folder, "LD_LIBRARY_PATH=" + library + " build/bin/heed tutorial moons");
  };
  const Called installed = call();
  CHECK(installed.code == 5);
  contains(installed.err, "tutorial_moons: this program is not installed");
  write_file_atomic(folder / "build/CMakeCache.txt", "");
  contains(call().err, "not built yet: cmake --build build --target tutorial_moons");
}
