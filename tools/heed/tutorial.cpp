#include <unistd.h>
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
  std::string lines;
  for (const auto& step : road) {
    std::string name(step.name);
    name.resize(std::max(name.size() + 2, size_t{14}), ' ');
    lines += "  " + name + std::string(step.title) + "\n";
  }
  return lines;
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
  execv(program.c_str(), arguments.data());
  fail<IoError>(program, ": cannot run: ", std::strerror(errno));
}

int run_tutorial(std::span<const std::string> words) {
  if (words.empty()) refuse("expected the NAME of a tutorial");
  if (words[0] == "--help" || words[0] == "-h") {
    print("usage: heed tutorial NAME [ARGUMENTS]\n\n" + list_of_tutorials() +
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
