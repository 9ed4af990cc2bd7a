#pragma once
// internal

#include <cstddef>
#include <string_view>

namespace heed::data {

/// The length of the first piece of a text (not empty) as GPT-2's pattern cuts it:
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// Pairs of bytes are never merged across pieces. Exact for UTF-8 text and the letters, numbers and
/// white space of Unicode 14.0; a byte that is not UTF-8 counts as a character of the third class.
/// Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.2.
size_t first_pretoken(std::string_view text);

/// The first part of a text, at most `most` bytes (at least 1) where that can be, such that the
/// tokens of the parts are the tokens of the whole, whatever the kind of tokeniser: it ends before
/// white space of ASCII, which alone ends a word. Text without is cut before other white space,
/// where no piece of GPT-2's pattern is, or else at a character.
std::string_view first_part(std::string_view text, size_t most);

}  // namespace heed::data
