#include "heed/models/train/text_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/autograd/recording.h"
#include "heed/models/data/windows.h"
#include "heed/models/train/signals.h"
#include "heed/nn/loss.h"

namespace heed::models {
double TextFit::perplexity() const { return std::exp(loss()); }

int64_t window_length(const LanguageModel& model, int64_t length) {
  return model.context() > 0 ? model.context() : length;
}

std::function<BatchLoss()> text_loss(const LanguageModel& model, const data::TokenSource& text,
                                     int64_t length, const TrainingConfig& config) {
  data::RandomWindows windows(text, config.batch_size, length, uint64_t(config.seed));
  return [&model, windows]() mutable -> BatchLoss {
    const auto [in, out] = windows.next();
    return {nn::cross_entropy(model.forward(in), out), in.numel()};
  };
}

TextFit fit_of(const LanguageModel& model, const data::TokenSource& text, int64_t length,
               int64_t most_windows) {
  const int64_t tokens = text.size() - 1;
  require(tokens >= 1, "expected a text of at least 2 tokens, got ", text.size());
  const int64_t whole = tokens / length;
  const int64_t count = most_windows > 0 ? std::min(whole, most_windows) : whole;
  constexpr int64_t tokens_at_once = 4096;
  const int64_t rows = std::max<int64_t>(1, tokens_at_once / length);
  const NoGrad guard;
  TextFit fit;
  const auto add = [&](std::span<const int64_t> begins, int64_t steps) {
    leave_if_signalled();
    const auto [in, out] = data::windows_at(text, begins, steps);
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
