#pragma once

#include <string>
#include <string_view>

#include "heed/core/io/utf8.h"

/// What tokenisers need to know of Unicode (version 14.0).
namespace heed {

/// General categories: L, N, P, Mn; `other` are all else that are assigned, `control` the rest: C.
enum class CharacterClass { control, letter, number, punctuation, mark, other };

/// The class of a code point; `control` for those not assigned.
CharacterClass character_class(char32_t code_point);

/// Has it the property White_Space?
bool is_white_space(char32_t code_point);

/// The text in lower case, each character for itself (so that a final capital sigma becomes σ).
/// Bytes that are not UTF-8 stay as they are.
std::string lower_case(std::string_view text);

/// The text without accents: canonical decomposition (NFD), then all marks (Mn) removed.
/// Compatibility ideographs of Chinese are not decomposed, and marks that are left (Mc, Me) not
/// reordered. Bytes that are not UTF-8 stay as they are.
std::string without_accents(std::string_view text);

}  // namespace heed
