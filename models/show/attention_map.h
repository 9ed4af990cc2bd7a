#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/tensor.h"

namespace heed::show {

/// Where a decoder looked: for each target token, a weight for each source token.
struct AttentionMap {
  std::vector<std::string> source = {};  ///< S tokens that were read, any bytes
  std::vector<std::string> target = {};  ///< T tokens that were written, any bytes
  std::vector<double> weights = {};      ///< (T, S), row-major, in [0, 1]; a row sums to at most 1
  std::string title = {};
  std::string layer = {}, head = {};  ///< of a model with several: "2", "1"
  bool self = false;                  ///< self-attention: source and target are the same tokens

  double at(std::size_t t, std::size_t s) const { return weights[t * source.size() + s]; }
};

/// Throws Error unless there are T x S weights, all of them finite and in [0, 1] (to rounding).
void validate(const AttentionMap& map);

/// The map of a decoded text, a character each: weights (T, S) as decoding gives them.
AttentionMap attention_map(std::string_view source, std::string_view target, const Tensor& weights);

struct DrawOptions {
  bool colour = false;  ///< shades as 256-colour backgrounds instead of block characters
  bool unicode = true;  ///< " ░▒▓█" and box lines; otherwise " .:+#" and plain ASCII
  int width = 80;       ///< terminal columns; a wider map is drawn in several panels
};

/// The map for a terminal: a row per target token, a column per source token, the darker (in
/// colour: the brighter) the larger the weight, and a line that explains the shades. Labels of
/// more than one character stand upright. Every line ends in '\n'; tokens pass `printable`.
std::string draw(const AttentionMap& map, const DrawOptions& options = {});

}  // namespace heed::show
