#pragma once

#include <string>
#include <string_view>

#include "heed/models/show/attention_map.h"

namespace heed::show {

/// The map as one self-contained SVG file: a row per target token, a column per source token, each
/// cell as opaque as its weight, which its <title> names. Follows the reader's light or dark scheme
/// on a background of its own. The same map gives the same bytes, in any locale.
std::string svg(const AttentionMap& map);

/// The same picture to stand within an HTML page whose style sheet holds `svg_style()`.
std::string svg_for_page(const AttentionMap& map);

/// The style of both, without the <style> element; scoped to class "heed-map".
std::string_view svg_style();

}  // namespace heed::show
