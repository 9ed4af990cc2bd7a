#include "heed/models/data/lines.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "heed/core/error.h"
#include "heed/core/io/utf8.h"

namespace heed::data {
namespace {

bool printable(std::string_view character) {
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
  const bool characters = valid_utf8(text);  // else bytes
  std::string out = "\"";
  for (size_t i = 0; i < limit && !text.empty(); ++i) {
    const auto part = text.substr(0, characters ? first_code_point(text).length : 1);
    if (printable(part)) {
      out += part;
    } else {
      const auto byte = static_cast<unsigned char>(part[0]);
      out.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
    }
    text.remove_prefix(part.size());
  }
  return out + (text.empty() ? "\"" : "…\"");
}

}  // namespace heed::data
