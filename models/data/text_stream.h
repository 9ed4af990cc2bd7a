#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "heed/models/data/tokenizer.h"

namespace heed::data {

/// A text that grows token by token, given out in whole characters: add() of all tokens and rest()
/// are together repaired_utf8 of the text. A token costs the same however long the text is.
class TextStream {
 public:
  /// `before` are tokens whose text is not given out, such as a prompt. The tokenizer must outlive
  /// the stream.
  explicit TextStream(const Tokenizer& tokenizer, std::span<const int64_t> before = {});
  /// What a token adds; nothing while a character is not complete.
  std::string add(int64_t token);
  /// What is left of a character that nothing completed: U+FFFD for each byte.
  std::string rest();

 private:
  /// Gives out the text up to `end`.
  std::string take(size_t end);

  const Tokenizer& tokenizer_;
  std::string text_;
  size_t given_;
};

}  // namespace heed::data
