#pragma once
// internal

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace heed::data {

/// GPT-2's letter of each byte, as UTF-8.
const std::array<std::string, 256>& byte_letters();

/// The bytes in the order of their letters.
std::vector<uint8_t> bytes_by_letter();

}  // namespace heed::data
