#include "heed/models/data/byte_letters.h"

#include "heed/core/io/utf8.h"

namespace heed::data {
namespace {

bool has_own_letter(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

std::array<std::string, 256> make_letters() {
  std::array<std::string, 256> letters;
  char32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    append_utf8(letters[byte], has_own_letter(byte) ? char32_t(byte) : next++);
  }
  return letters;
}

}  // namespace

const std::array<std::string, 256>& byte_letters() {
  static const auto letters = make_letters();
  return letters;
}

std::vector<uint8_t> bytes_by_letter() {
  std::vector<uint8_t> bytes;
  for (const bool own : {true, false}) {
    for (int byte = 0; byte < 256; ++byte) {
      if (has_own_letter(byte) == own) bytes.push_back(uint8_t(byte));
    }
  }
  return bytes;
}

}  // namespace heed::data
