#include "heed/models/data/lines.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "heed/core/error.h"
#include "heed/core/io/utf8.h"

namespace heed::data {
namespace {

std::vector<std::string> characters_or_bytes(std::string_view text) {
  if (valid_utf8(text)) return utf8_characters(text);
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  return bytes;
}

bool printable(const std::string& character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  return character.size() > 1 || (byte >= 0x20 && byte < 0x7f);
}

}  // namespace

std::string Line::where() const { return path + ":" + std::to_string(number); }

void for_each_line(const std::string& path, const std::function<void(const Line&)>& each) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail<IoError>(path, ": cannot open: ", std::strerror(errno));
  std::string text;
  for (int64_t number = 1; std::getline(file, text); ++number) {
    std::string_view view = text;
    if (view.ends_with('\r')) view.remove_suffix(1);
    each({.path = path, .number = number, .text = view});
  }
  if (file.bad()) fail<IoError>(path, ": cannot read: ", std::strerror(errno));
}

std::string shown(std::string_view text) {
  constexpr size_t limit = 60;
  constexpr const char* digits = "0123456789abcdef";
  const auto parts = characters_or_bytes(text);
  std::string out = "\"";
  for (size_t i = 0; i < parts.size() && i < limit; ++i) {
    if (printable(parts[i])) {
      out += parts[i];
    } else {
      const auto byte = static_cast<unsigned char>(parts[i][0]);
      out.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out + (parts.size() > limit ? "…\"" : "\"");
}

}  // namespace heed::data
