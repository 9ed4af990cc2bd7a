#include <cstdint>
#include <functional>

#include "heed/core/io/unicode.h"
#include "tests/catch.h"

using namespace heed;

namespace {

/// FNV-1a over what fn adds for each code point: what tools/unicode_tables.py prints.
uint64_t checksum(const std::function<void(char32_t, const std::function<void(uint64_t)>&)>& fn) {
  uint64_t total = 0xcbf29ce484222325;
  const auto add = [&](uint64_t value) { total = (total ^ value) * 0x100000001b3; };
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code < 0xd800 || code >= 0xe000) fn(code, add);
  }
  return total;
}

/// The same over the code points of what a function makes of each code point.
uint64_t checksum_of_texts(std::string (*change)(std::string_view)) {
  return checksum([&](char32_t code, const auto& add) {
    std::string text;
    append_utf8(text, code);
    const std::string changed = change(text);
    for (std::string_view rest = changed; !rest.empty();) {
      const CodePoint next = first_code_point(rest);
      add(next.value);
      rest.remove_prefix(next.length);
    }
  });
}

}  // namespace

TEST_CASE("every code point has the class, lower case and letters that Unicode gives it") {
  CHECK(checksum([](char32_t code, const auto& add) { add(uint64_t(character_class(code))); }) ==
        0xa03e3319afcf76d0);
  CHECK(checksum_of_texts(lower_case) == 0xce354a6bfdd44e2e);
  CHECK(checksum_of_texts(without_accents) == 0x362493ade5d198d8);
}

TEST_CASE("lower case and accents of whole texts") {
  CHECK(lower_case("ÉTÉ İ ΑΣ Ab\xff") == "été i\u0307 ασ ab\xff");
  CHECK(without_accents("été Ångström, crème brûlée ữ \xff") ==
        "ete Angstrom, creme brulee u \xff");
  CHECK(without_accents("한") == "\u1112\u1161\u11ab");
}

TEST_CASE("white space") {
  for (const char32_t space : {U' ', U'\t', U'\n', U'\r', U'\u00a0', U'\u2003', U'\u3000'}) {
    CHECK(is_white_space(space));
  }
  for (const char32_t other : {U'a', U'\0', U'\u001c', U'\u200b', U'\ufeff'}) {
    CHECK_FALSE(is_white_space(other));
  }
}
