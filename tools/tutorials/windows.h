#pragma once

#include <cstdint>
#include <span>

#include "heed/heed.h"

namespace heed {

/// `rows` pieces of the text, one token longer than `length`, that begin anywhere: (rows, length +
/// 1). All but the last column is what a language model reads, all but the first what it predicts.
inline Tensor random_windows(std::span<const int64_t> text, int64_t rows, int64_t length) {
  const Tensor starts = randint(0, int64_t(text.size()) - length, {rows});
  std::vector<int64_t> tokens;
  for (int64_t row = 0; row < rows; ++row) {
    const auto window = text.subspan(size_t(starts.data<int64_t>()[row]), size_t(length + 1));
    tokens.insert(tokens.end(), window.begin(), window.end());
  }
  return from_values(tokens, {rows, length + 1});
}

/// The cross entropy of a window's tokens, each after those before it.
inline Variable window_loss(const models::LanguageModel& model, const Tensor& windows) {
  const int64_t length = windows.size(1) - 1;
  return nn::cross_entropy(model.forward(narrow(windows, 1, 0, length)),
                           narrow(windows, 1, 1, length));
}

}  // namespace heed
