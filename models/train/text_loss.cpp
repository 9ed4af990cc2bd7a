#include "heed/models/train/text_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/generator.h"
#include "heed/core/shape.h"
#include "heed/models/data/shuffle.h"
#include "heed/nn/loss.h"

namespace heed::models {
namespace {

/// A window and the token after each of its tokens.
struct Windows {
  Tensor in, out;  // (B, T) i64
};

Windows windows_at(std::span<const int64_t> text, std::span<const int64_t> begins, int64_t length) {
  std::vector<int64_t> in, out;
  for (const int64_t begin : begins) {
    const auto first = text.begin() + begin;
    in.insert(in.end(), first, first + length);
    out.insert(out.end(), first + 1, first + 1 + length);
  }
  const Shape shape{int64_t(begins.size()), length};
  return {from_values(in, shape), from_values(out, shape)};
}

}  // namespace

double TextFit::perplexity() const { return std::exp(loss()); }

int64_t window_length(const LanguageModel& model, int64_t length) {
  return model.context() > 0 ? model.context() : length;
}

std::function<BatchLoss()> text_loss(const LanguageModel& model, std::span<const int64_t> text,
                                     int64_t length, const TrainingConfig& config) {
  const int64_t places = int64_t(text.size()) - length;
  require(places >= 1, "the text to learn from has ", text.size(), " tokens, and a window ", length,
          " and one more");
  Generator generator = data::stream(uint64_t(config.seed), data::Stream::order);
  return
      [&model, text, length, places, generator, rows = config.batch_size]() mutable -> BatchLoss {
        std::vector<int64_t> begins;
        for (int64_t row = 0; row < rows; ++row) begins.push_back(generator.integer(places));
        const auto [in, out] = windows_at(text, begins, length);
        return {nn::cross_entropy(model.forward(in), out), rows * length};
      };
}

TextFit fit_of(const LanguageModel& model, std::span<const int64_t> text, int64_t length,
               int64_t most_windows) {
  const int64_t tokens = int64_t(text.size()) - 1;
  require(tokens >= 1, "expected a text of at least 2 tokens, got ", text.size());
  const int64_t whole = tokens / length;
  const int64_t count = most_windows > 0 ? std::min(whole, most_windows) : whole;
  constexpr int64_t tokens_at_once = 4096;
  const int64_t rows = std::max<int64_t>(1, tokens_at_once / length);
  const NoGrad guard;
  TextFit fit;
  const auto add = [&](std::span<const int64_t> begins, int64_t steps) {
    const auto [in, out] = windows_at(text, begins, steps);
    const auto sum = nn::cross_entropy(model.forward(in), out, {.reduction = nn::Reduction::sum});
    fit.nats += sum.item();
    fit.tokens += int64_t(begins.size()) * steps;
  };
  for (int64_t first = 0; first < count; first += rows) {
    std::vector<int64_t> begins;
    for (int64_t i = first; i < std::min(first + rows, count); ++i) {
      begins.push_back(i * whole / count * length);
    }
    add(begins, length);
  }
  const int64_t begin = whole * length, rest = tokens - begin;
  if (rest > 0 && count == whole) add(std::span(&begin, 1), rest);
  return fit;
}

}  // namespace heed::models
