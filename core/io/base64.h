#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace heed {

/// The bytes as base64 with padding (RFC 4648, section 4).
std::string base64_encode(std::span<const std::byte> bytes);

/// Fills `bytes` from base64. Strict: no white space, padding required, unused bits zero.
/// Throws FileError "<where>: base64: ..." when a letter is wrong or when the text does not hold
/// exactly bytes.size() bytes; what `bytes` holds is then unspecified.
void base64_decode(std::string_view text, std::span<std::byte> bytes, std::string_view where);

}  // namespace heed
