#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "commands.h"
#include "output.h"
#include "tools/tutorials/road.h"

using namespace heed;

namespace {

/// The programs lie beside this one.
std::string program_of(std::string_view tutorial) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) fail<IoError>("/proc/self/exe: cannot read: ", error.message());
  return (self.parent_path() / ("tutorial_" + std::string(tutorial))).string();
}

std::string list_of_tutorials() {
  size_t width = 0;
  for (const auto& step : road) width = std::max(width, step.name.size());
  std::string lines;
  for (const auto& step : road) {
    std::string name(step.name);
    name.resize(width + 2, ' ');
    lines += "  " + name + std::string(step.title) + "\n";
    if (step.reads.empty()) continue;
    lines += std::string(width + 6, ' ') + "needs a " + std::string(step.reads) + "\n";
  }
  return lines;
}

/// How to get a program that is not there.
[[noreturn]] void refuse_missing(const std::filesystem::path& program) {
  const auto build = program.parent_path().parent_path();
  std::error_code ignored;
  const bool built_here = std::filesystem::exists(build / "CMakeCache.txt", ignored);
  const auto near = std::filesystem::proximate(build, ignored);
  fail<IoError>(program.string(), ": this program is not ",
                built_here ? "built yet: cmake --build " + near.string() + " --target " +
                                 program.filename().string()
                           : "installed");
}

[[noreturn]] void refuse(std::string_view what) {
  fail<UsageError>("heed tutorial: ", what, "; heed tutorial --list names them");
}

/// Becomes the tutorial's program.
int become(const std::string& program, std::span<const std::string> words) {
  std::vector<std::string> copies = {program};  // execv takes them as if it wrote to them
  copies.insert(copies.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (auto& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  flush_output();
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored)) refuse_missing(program);
  execv(program.c_str(), arguments.data());
  fail<IoError>(program, ": cannot run: ", std::strerror(errno));
}

int run_tutorial(std::span<const std::string> words) {
  if (words.empty()) refuse("expected the NAME of a tutorial");
  if (words[0] == "--help" || words[0] == "-h") {
    print("usage: heed tutorial NAME [ARGUMENTS]\n\n" + list_of_tutorials() +
          "\nPictures go to runs/tutorials/NAME, or where --out says."
          "\nheed tutorial NAME --help lists the flags of a tutorial.\n");
    return 0;
  }
  if (words[0] == "--list") {
    for (const auto& step : road) print(std::string(step.name) + "\n");
    return 0;
  }
  std::vector<std::string_view> names;
  for (const auto& step : road) {
    if (step.name == words[0]) return become(program_of(step.name), words.subspan(1));
    names.push_back(step.name);
  }
  const auto meant = nearest(words[0], names);
  refuse("there is no tutorial \"" + words[0] + "\"" +
         (meant ? ", did you mean " + *meant + "?" : ""));
}

}  // namespace

Command tutorial_command() {
  return {.name = "tutorial",
          .arguments = "NAME [ARGUMENTS]",
          .help = "a step of the road from derivatives to transformers",
          .flags = {},
          .run = {},
          .run_words = run_tutorial};
}
