#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/error.h"

/// The words that the program was called with that make no sense: exit code 2.
class UsageError : public heed::Error {
 public:
  using heed::Error::Error;
};

/// A flag of a command: {"seed", "N", "random numbers (1)"}; one without a value is a switch.
struct Flag {
  std::string name;
  std::string value;
  std::string help;
  char letter = '\0';  ///< its short form: -v
};

/// The words of a command, taken apart: --name value, --name=value, -v; after "--" only texts.
/// Negative numbers are texts.
class Arguments {
 public:
  /// Throws UsageError for a flag that is not listed (with a hint), lacks its value, or has one
  /// that it does not take.
  Arguments(std::string_view command, std::span<const Flag> flags,
            std::span<const std::string> words);

  const std::vector<std::string>& texts() const { return texts_; }
  bool has(std::string_view flag) const { return text(flag).has_value(); }
  /// The value; the last one where the flag came several times.
  std::optional<std::string> text(std::string_view flag) const;
  std::vector<std::string> all(std::string_view flag) const;
  /// The value as an integer of at least `min`.
  std::optional<int64_t> integer(std::string_view flag, int64_t min) const;

  /// The value as a number of at least 0.
  std::optional<double> number(std::string_view flag) const;

  /// Throws UsageError unless there are between `least` and `most` texts; `wanted` names them.
  void expect_texts(size_t least, size_t most, std::string_view wanted) const;
  /// Throws UsageError "heed train: ..." with the parts joined.
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    heed::fail<UsageError>("heed ", command_, ": ", parts...);
  }

 private:
  struct Given {
    std::string flag;
    std::string value;
  };
  const Flag& find(std::string_view word, std::span<const Flag> flags) const;

  std::string command_;
  std::vector<Given> given_;
  std::vector<std::string> texts_;
};

/// The flags as lines for --help.
std::string describe(std::span<const Flag> flags);

/// The candidate that begins with the word, else that which is spelled most like it, if any is
/// close.
std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates);
