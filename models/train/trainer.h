#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "heed/core/error.h"
#include "heed/models/data/pairs.h"
#include "heed/models/decode/decoder.h"

namespace heed::models {

/// How a sequence-to-sequence model is trained: Adam with a linear warm-up and half a cosine to
/// zero, gradients clipped by their norm, batches of similar lengths.
struct TrainingConfig {
  int64_t steps = 6500;
  int64_t batch_size = 128;
  double learning_rate = 2e-3;
  int64_t warmup = 200;
  double clip = 1;
  double teacher_forcing = 1;
  int64_t seed = 1;
  int64_t validate_every = 500;

  template <class V>
  void fields(V& visit) {
    visit("steps", steps, {.min = 1}, "updates of the parameters");
    visit("batch_size", batch_size, {.min = 1}, "pairs in a batch");
    visit("learning_rate", learning_rate, {.min = 0}, "of Adam, at its highest");
    visit("warmup", warmup, {.min = 0}, "steps until it is highest");
    visit("clip", clip, {.min = 1e-6}, "largest norm of the gradient");
    visit("teacher_forcing", teacher_forcing, {.min = 0, .max = 1},
          "share of right tokens that the decoder reads");
    visit("seed", seed, {.min = 0}, "of parameters, dropout and order");
    visit("validate_every", validate_every, {.min = 1}, "steps between validations");
  }
};

/// The loss or the gradient became NaN or infinite. No parameter has changed in that step.
class DivergedError : public Error {
 public:
  using Error::Error;
};

/// One step of training.
struct StepReport {
  int64_t step = 0;          // from 1
  double loss = 0;           // cross entropy of a token of this batch
  double smoothed_loss = 0;  // mean of about the last 100 steps
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  int64_t tokens = 0;        // target tokens of this batch
};

/// What training tells while it runs; each may be left out.
struct TrainingObserver {
  std::function<void(const StepReport&)> step = {};  ///< after every step
  /// After every validate_every steps and after the last, in evaluation mode.
  std::function<void(int64_t step)> validate = {};
  std::function<bool()> stop = {};  ///< asked after every step: true ends training
};

/// Trains a model on pairs of ids in place and leaves it in evaluation mode; returns the number of
/// steps done. The same model, pairs, configuration and default generator (dropout draws from it)
/// give the same parameters bit for bit, for any number of threads. `max_steps` (0: all) ends
/// early, on the schedule of config.steps. Throws DivergedError.
int64_t train(Seq2Seq& model, std::span<const data::EncodedPair> pairs,
              const TrainingConfig& config, const TrainingObserver& observer = {},
              int64_t max_steps = 0);

}  // namespace heed::models
