#pragma once

#include <string>
#include <string_view>

#include "heed/core/io/json.h"

namespace heed {

/// The text for use between tags and in quoted attributes of HTML and SVG: & < > " ' become
/// entities.
std::string escape_html(std::string_view text);

/// The JSON for use inside <script type="application/json">: < > & and the line separators U+2028
/// and U+2029 are written as \uXXXX, so that no token can end the element.
/// Throws what Json::dump throws.
std::string json_for_script(const Json& json);

}  // namespace heed
