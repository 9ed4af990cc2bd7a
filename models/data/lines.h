#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace heed::data {

/// One line of a text file, without its line end.
struct Line {
  const std::string& path;
  int64_t number = 0;  // from 1
  std::string_view text;

  /// "path:number", the start of an error message.
  std::string where() const;
};

/// Calls `each` with every line of the file in order. Lines end with LF or CRLF; the last line may
/// lack its end. Throws IoError when the file cannot be opened or read.
void for_each_line(const std::string& path, const std::function<void(const Line&)>& each);

/// Text from a file as an error message shows it: in double quotes, at most 60 characters, control
/// characters and bytes that are not UTF-8 written as \xNN.
std::string shown(std::string_view text);

}  // namespace heed::data
