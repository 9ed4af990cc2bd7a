#pragma once
// internal

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace heed::data::detail {

struct TokensLess {
  bool operator()(std::span<const std::string> a, std::span<const std::string> b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
};

/// How often each run of `order` tokens occurs; views into the tokens.
using NgramCounts = std::map<std::span<const std::string>, int64_t, TokensLess>;

inline NgramCounts count_ngrams(std::span<const std::string> tokens, size_t order) {
  NgramCounts counts;
  for (size_t i = 0; i + order <= tokens.size(); ++i) ++counts[tokens.subspan(i, order)];
  return counts;
}

}  // namespace heed::data::detail
