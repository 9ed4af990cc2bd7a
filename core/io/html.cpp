#include "heed/core/io/html.h"

#include <initializer_list>
#include <tuple>
#include <utility>

namespace heed {
namespace {

using Replacement = std::pair<std::string_view, std::string_view>;

std::string replaced(std::string_view text, std::initializer_list<Replacement> replacements) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    std::string_view from = text.substr(at, 1), to = from;
    for (const auto& replacement : replacements)
      if (text.substr(at).starts_with(replacement.first)) std::tie(from, to) = replacement;
    out += to;
    at += from.size();
  }
  return out;
}

}  // namespace

std::string escape_html(std::string_view text) {
  return replaced(text,
                  {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string json_for_script(const Json& json) {
  // In JSON these characters can only stand inside strings, where \u escapes are allowed.
  return replaced(json.dump(), {{"<", "\\u003c"},
                                {">", "\\u003e"},
                                {"&", "\\u0026"},
                                {"\u2028", "\\u2028"},
                                {"\u2029", "\\u2029"}});
}

}  // namespace heed
