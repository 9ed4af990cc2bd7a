#pragma once
// internal

#include <string>

#include "heed/models/show/attention_map.h"

namespace heed::show {

/// Self-attention as a graph, an SVG to stand within a page: tokens are nodes below one another,
/// weights from 0.02 up are edges from the token that reads: on the left to earlier ones, on the
/// right (drawn if `forwards`) to later ones; a dot is what a token reads of itself. The page's
/// script draws the same from the numbers in data-step, -left, -right and -reach.
std::string graph_for_page(const AttentionMap& map, bool forwards);

/// A small picture of the weights: four shades, nothing below 0.05.
std::string thumbnail_for_page(const AttentionMap& map);

}  // namespace heed::show
