#include <algorithm>
#include <exception>

#include "commands.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"
#include "memory.h"
#include "output.h"
#include "report.h"
#include "version.h"

using namespace heed;

namespace {

std::vector<Command> commands() {
  return {train_command(),    evaluate_command(),  predict_command(),
          generate_command(), attention_command(), inspect_command(),
          explain_command(),  tutorial_command(),  tokens_command()};
}

/// Flags that every command has.
std::vector<Flag> common_flags() {
  return {{"threads", "N", "threads to compute with (all cores); results do not depend on it"},
          {"help", "", "show this help", 'h'}};
}

std::string usage_line(const Command& command) {
  return "heed " + std::string(command.name) + " " + std::string(command.arguments);
}

std::string overview() {
  std::string text =
      "heed trains attention models, and shows what they have learned.\n\n"
      "usage: heed COMMAND [FLAGS]\n\n";
  const auto table = commands();
  size_t width = 0;
  for (const auto& command : table) width = std::max(width, usage_line(command).size());
  const auto add = [&](std::string usage, const std::string& help) {
    usage.resize(width + 2, ' ');
    text += "  " + usage + help + "\n";
  };
  for (const auto& command : table) add(usage_line(command), command.help);
  text += "\n";
  add("heed COMMAND --help", "the flags of a command");
  add("heed train TASK --help", "the flags and the models of a task");
  add("heed evaluate MODEL --help", "the flags for the model's data; predict: what it reads");
  add("heed --version", "versions of heed and what it stands on");
  return text +
         "\nexit codes: 0 done, 1 failure, 2 wrong usage, 3 bad file, 4 training diverged,"
         "\n            5 the system refused a file, 128 + n ended by signal n after saving\n";
}

std::string help(const Command& command, std::span<const Flag> flags, const Arguments& arguments) {
  const std::string usual = "usage: " + usage_line(command) + " [FLAGS]\n\n  " + command.help;
  std::string text =
      (command.usage ? command.usage(arguments) : usual) + "\n\nflags:\n" + describe(flags);
  if (command.details) text += "\n" + command.details(arguments);
  return text;
}

int run_command(const Command& command, std::span<const std::string> words) {
  if (command.run_words) return command.run_words(words);
  std::vector<Flag> flags = command.more_flags ? command.more_flags(words) : std::vector<Flag>();
  flags.insert(flags.end(), command.flags.begin(), command.flags.end());
  for (const Flag& flag : common_flags()) flags.push_back(flag);
  const Arguments arguments(command.name, flags, words);
  if (arguments.has("help")) {
    print(help(command, flags, arguments));
    return done;
  }
  if (const auto threads = arguments.integer("threads", 1)) {
    if (*threads > 1024) arguments.refuse("--threads: expected at most 1024, got ", *threads);
    set_num_threads(int(*threads));
  }
  return command.run(arguments);
}

/// Variables of the environment that make no sense are wrong usage.
void check_environment() {
  try {
    (void)simd::isa();
    (void)num_threads();
  } catch (const Error& error) {
    fail<UsageError>("heed: ", error.what());
  }
}

int run(std::span<const std::string> words) {
  const std::string word = words.empty() ? "" : words[0];
  if (word == "--help" || word == "-h" || word == "help") {
    print(overview());
    return done;
  }
  check_environment();
  if (word == "--version") {
    print(version_text());
    return done;
  }
  std::vector<std::string_view> names;
  const auto table = commands();
  for (const auto& command : table) {
    if (command.name == word) return run_command(command, words.subspan(1));
    names.push_back(command.name);
  }
  if (word.empty()) fail<UsageError>("heed: expected a command");
  const auto meant = nearest(word, names);
  fail<UsageError>("heed: unknown command \"", word, "\"",
                   meant ? "; did you mean " + *meant + "?" : "");
}

}  // namespace

int main(int count, char** words) {
  keep_blas_threads_away(words);
  try {
    const std::vector<std::string> arguments(words + 1, words + count);
    const int code = run(arguments);
    flush_output();
    return code;
  } catch (...) {
    return report(std::current_exception());
  }
}
