#include "heed/models/data/text_stream.h"

#include <algorithm>
#include <string_view>

#include "heed/core/io/utf8.h"

namespace heed::data {
namespace {

/// How many bytes at the end may begin a code point whose rest is to come.
size_t unfinished(std::string_view text) {
  for (size_t count = 1; count <= std::min<size_t>(3, text.size()); ++count) {
    const char byte = text[text.size() - count];
    if (continues_code_point(byte)) continue;
    const auto first = uint8_t(byte);
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return length > count ? count : 0;
  }
  return 0;
}

}  // namespace

TextStream::TextStream(const Tokenizer& tokenizer, std::span<const int64_t> before)
    : tokenizer_(tokenizer), text_(tokenizer.decode(before)), given_(text_.size()) {}

std::string TextStream::add(int64_t token) {
  tokenizer_.append(text_, token);
  return take(text_.size() - unfinished(std::string_view(text_).substr(given_)));
}

std::string TextStream::rest() { return take(text_.size()); }

std::string TextStream::take(size_t end) {
  const std::string_view more = std::string_view(text_).substr(given_, end - given_);
  given_ = end;
  return repaired_utf8(more);
}

}  // namespace heed::data
