#pragma once
// internal

#include <string_view>

namespace heed::show {

/// The style sheet of an attention page, without that of its heat maps.
std::string_view page_style();

/// What makes an attention page answer: it reads the element #maps. Text reaches the page through
/// textContent only. Without it, all pictures and tables are there.
std::string_view page_script();

}  // namespace heed::show
