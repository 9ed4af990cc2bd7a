#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "heed/core/error.h"
#include "heed/nn/module.h"

namespace heed::models {

/// How a model is trained: AdamW with a linear warm-up and half a cosine, gradients clipped by
/// their norm. Weight decay shrinks matrices only, not biases and the weights of norms.
struct TrainingConfig {
  int64_t steps = 6500;
  int64_t batch_size = 128;
  int64_t batch_tokens = 0;
  double learning_rate = 2e-3;
  double min_learning_rate = 0;
  int64_t warmup = 200;
  std::string schedule = "cosine";
  double beta2 = 0.999;
  double weight_decay = 0;
  double clip = 1;
  int64_t seed = 1;
  int64_t validate_every = 500;

  template <class V>
  void fields(V& visit) {
    visit("steps", steps, {.min = 1}, "updates of the parameters");
    visit("batch_size", batch_size, {.min = 1}, "examples in a batch");
    visit("batch_tokens", batch_tokens, {.min = 0},
          "most tokens of a batch of pairs or texts, padding included; 0: any number");
    visit("learning_rate", learning_rate, {.min = 0}, "of AdamW, at its highest");
    visit("min_learning_rate", min_learning_rate, {.min = 0}, "at the end of the cosine");
    visit("warmup", warmup, {.min = 0}, "steps until it is highest");
    visit("schedule", schedule, {"cosine", "warmup_cosine", "constant"},
          "is there a cosine, from the first step on or after the warm-up?");
    visit("beta2", beta2, {.min = 0, .max = 0.9999999}, "of AdamW: how long squares are kept");
    visit("weight_decay", weight_decay, {.min = 0}, "of AdamW, for matrices");
    visit("clip", clip, {.min = 1e-6}, "largest norm of the gradient");
    visit("seed", seed, {.min = 0}, "of parameters, dropout and order");
    visit("validate_every", validate_every, {.min = 1}, "steps between validations");
  }
};

/// The loss or the gradient became NaN or infinite. No parameter has changed in that step.
class DivergedError : public Error {
 public:
  using Error::Error;
};

/// The loss of one batch.
struct BatchLoss {
  Variable loss;      // 0-dim
  int64_t items = 0;  // tokens, images, ... that it is the mean of
};

/// One step of training.
struct StepReport {
  int64_t step = 0;          // from 1
  double loss = 0;           // of this batch
  double smoothed_loss = 0;  // mean of about the last 100 steps
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  int64_t items = 0;         // of this batch
};

/// What training tells while it runs; each may be left out.
struct TrainingObserver {
  std::function<void(const StepReport&)> step = {};  ///< after every step
  /// After every validate_every steps and after the last, in evaluation mode.
  std::function<void(int64_t step)> validate = {};
  std::function<bool()> stop = {};  ///< asked after steps and validations: true ends training
};

/// Trains a model in place and leaves it in evaluation mode; returns the number of steps done.
/// `next` gives the loss of the next batch, once for each step. The same model, losses,
/// configuration and default generator (dropout draws from it) give the same parameters bit for
/// bit, for any number of threads. `max_steps` (0: all) ends early, on the schedule of
/// config.steps. Throws DivergedError.
int64_t train(nn::Module& model, const std::function<BatchLoss()>& next,
              const TrainingConfig& config, const TrainingObserver& observer = {},
              int64_t max_steps = 0);

}  // namespace heed::models
