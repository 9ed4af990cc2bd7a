#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "heed/models/data/token_source.h"
#include "heed/models/decode/language_model.h"
#include "heed/models/train/trainer.h"

namespace heed::models {

/// The sequences that a language model learns from: its context, or for one that reads sequences of
/// any length `length`.
int64_t window_length(const LanguageModel& model, int64_t length);

/// For train(): the mean cross entropy of each token after those before it, in config.batch_size
/// windows of `length` tokens that begin at random places of the text (data::RandomWindows with
/// config.seed). The model and the text must outlive the result. Error when the text has no length
/// + 1 tokens.
std::function<BatchLoss()> text_loss(const LanguageModel& model, const data::TokenSource& text,
                                     int64_t length, const TrainingConfig& config);

/// How well a model predicts a text.
struct TextFit {
  double nats = 0;     ///< -log p of all tokens that count, added up
  int64_t tokens = 0;  ///< how many: all but the first
  double loss() const { return nats / double(tokens); }
  double perplexity() const;  ///< e^loss
};

/// Of windows of `length` tokens side by side, so that each token is predicted once; with
/// `most_windows` above 0 of at most so many, at equal distances. Nothing is recorded; call
/// model.eval() first. Error when the text has fewer than two tokens.
TextFit fit_of(const LanguageModel& model, const data::TokenSource& text, int64_t length,
               int64_t most_windows = 0);
inline TextFit fit_of(const LanguageModel& model, std::span<const int64_t> ids, int64_t length,
                      int64_t most_windows = 0) {
  return fit_of(model, data::TokenView(ids), length, most_windows);
}

}  // namespace heed::models
