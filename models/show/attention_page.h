#pragma once

#include <span>
#include <string>
#include <string_view>

#include "heed/models/show/attention_map.h"

namespace heed::show {

/// One self-contained HTML page: for each map a heat map, a table of its weights and, drawn by the
/// page's script, lines between the tokens that follow the pointer and the keyboard; for maps of
/// self-attention a graph instead, with tokens as nodes and weights as edges. Maps that follow one
/// another with a layer and the same tokens share one picture, with selectors of layer and head and
/// a small picture of each; other maps get a selector.
///
/// No address outside the file is ever asked for (its policy forbids it), without JavaScript the
/// pictures and tables of the first map of each group and the small pictures are there, and tokens
/// and titles are shown, never run. The same maps give the same bytes. <body> gets data-ready="1"
/// once the script has run. Throws Error if the maps have more than 1,000,000 weights together, or
/// the first of all groups more than 250,000 (about 40 MB of page).
std::string attention_page(std::span<const AttentionMap> maps, std::string_view title);

}  // namespace heed::show
