#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "flags.h"

/// A subcommand of the program: `heed NAME ARGUMENTS`.
struct Command {
  std::string_view name;
  std::string_view arguments;
  std::string help;                          ///< one line
  std::vector<Flag> flags;                   ///< besides those that every command has
  std::function<int(const Arguments&)> run;  ///< returns the exit code
  std::function<std::string(const Arguments&)> details = {};  ///< more for `heed NAME --help`
  /// In place of the usage and the line of help, where those depend on the arguments.
  std::function<std::string(const Arguments&)> usage = {};
  /// Flags that depend on what the command is about.
  std::function<std::vector<Flag>(std::span<const std::string> words)> more_flags = {};
  /// In place of all that: takes every word behind the command's name as it stands.
  std::function<int(std::span<const std::string> words)> run_words = {};
};

// Each in the file of its name.
Command train_command();
Command evaluate_command();
Command predict_command();
Command generate_command();
Command attention_command();
Command inspect_command();
Command explain_command();
Command tutorial_command();
Command tokens_command();
