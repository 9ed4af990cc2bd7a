#include "heed/core/io/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "heed/core/error.h"

namespace heed {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t kWrong = 0xff;

constexpr auto kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kWrong);
  for (size_t i = 0; i < kLetters.size(); ++i) values[uint8_t(kLetters[i])] = uint8_t(i);
  return values;
}();

uint32_t value(char letter) { return kValues[uint8_t(letter)]; }

// 1 to 3 bytes as the upper bits of 24.
uint32_t pack(std::span<const std::byte> bytes) {
  uint32_t packed = 0;
  for (size_t i = 0; i < 3; ++i) packed = packed << 8 | (i < bytes.size() ? uint32_t(bytes[i]) : 0);
  return packed;
}

[[noreturn]] void wrong_letter(std::string_view text, std::string_view where) {
  size_t at = 0;
  while (at < text.size() && value(text[at]) != kWrong) ++at;
  fail<FileError>(where, ": base64: a wrong letter, padding or bit at character ", at);
}

}  // namespace

std::string base64_encode(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    const uint32_t packed = count == 3 ? uint32_t(bytes[at]) << 16 | uint32_t(bytes[at + 1]) << 8 |
                                             uint32_t(bytes[at + 2])
                                       : pack(bytes.subspan(at));
    for (size_t i = 0; i <= count; ++i) out[i] = kLetters[packed >> (18 - 6 * i) & 63];
    out += 4;
  }
  return text;
}

void base64_decode(std::string_view text, std::span<std::byte> bytes, std::string_view where) {
  const size_t expected = (bytes.size() + 2) / 3 * 4;
  if (text.size() != expected)
    fail<FileError>(where, ": base64: expected ", expected, " characters for ", bytes.size(),
                    " bytes, got ", text.size());
  const size_t whole = bytes.size() / 3;
  uint32_t wrong = 0;
  for (size_t i = 0; i < whole; ++i) {
    const char* in = text.data() + 4 * i;
    std::byte* out = bytes.data() + 3 * i;
    const uint32_t a = value(in[0]), b = value(in[1]), c = value(in[2]), d = value(in[3]);
    wrong |= a | b | c | d;
    const uint32_t packed = a << 18 | b << 12 | c << 6 | d;
    out[0] = std::byte(packed >> 16);
    out[1] = std::byte(packed >> 8);
    out[2] = std::byte(packed);
  }
  if (wrong > 63) wrong_letter(text, where);

  const auto rest = bytes.subspan(3 * whole);
  if (rest.empty()) return;
  const std::string_view last = text.substr(4 * whole);
  uint32_t packed = 0;
  for (size_t i = 0; i <= rest.size(); ++i) packed |= value(last[i]) << (18 - 6 * i);
  for (size_t i = 0; i < rest.size(); ++i) rest[i] = std::byte(packed >> (16 - 8 * i));
  // Only the exact encoding of these bytes is accepted: it settles padding and unused bits too.
  if (base64_encode(rest) != last) {
    std::string_view letters = text;
    while (letters.ends_with('=')) letters.remove_suffix(1);
    wrong_letter(letters, where);
  }
}

}  // namespace heed
