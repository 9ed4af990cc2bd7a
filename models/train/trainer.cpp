#include "heed/models/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "heed/models/data/buckets.h"
#include "heed/models/decode/teacher_forcing.h"
#include "heed/models/fields.h"
#include "heed/models/train/batch.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"
#include "heed/optim/schedule.h"

namespace heed::models {
namespace {

/// The mean cross entropy of the target tokens.
Variable batch_loss(const Seq2Seq& model, const Batch& batch, const TrainingConfig& config) {
  const Variable logits = forward_sampled(model, batch.source, batch.lengths, batch.target_in,
                                          {.ratio = config.teacher_forcing});  // (B, T, V)
  return nn::cross_entropy(logits, batch.target_out, {.ignore_index = ignored_id});
}

void check_finite(const char* what, double value, int64_t step, const TrainingConfig& config) {
  if (std::isfinite(value)) return;
  fail<DivergedError>("training diverged at step ", step, ": the ", what, " is ", value,
                      "; a learning_rate below ", config.learning_rate, " or a smaller clip than ",
                      config.clip, " may help");
}

/// A running mean that weighs the last 100 values most, without bias towards its start.
class SmoothedMean {
 public:
  double add(double value) {
    weight_ = decay * weight_ + 1;
    sum_ = decay * sum_ + value;
    return sum_ / weight_;
  }

 private:
  static constexpr double decay = 0.99;
  double sum_ = 0, weight_ = 0;
};

/// Trains until the end of the scope, however that is reached; then the model evaluates.
class TrainingMode {
 public:
  explicit TrainingMode(Seq2Seq& model) : model_(model) { model_.train(); }
  ~TrainingMode() { model_.eval(); }
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  Seq2Seq& model_;
};

}  // namespace

int64_t train(Seq2Seq& model, std::span<const data::EncodedPair> pairs,
              const TrainingConfig& config, const TrainingObserver& observer, int64_t max_steps) {
  TrainingConfig checked = config;
  check_fields(list_fields(checked), "training");
  const int64_t last = max_steps > 0 ? std::min(max_steps, config.steps) : config.steps;
  data::BucketOrder order(data::lengths(pairs), config.batch_size, uint64_t(config.seed));
  optim::Adam adam(model.named_parameters(), {.lr = config.learning_rate});
  const auto parameters = adam.parameters();
  SmoothedMean smoothed;
  const TrainingMode mode(model);
  int64_t step = 0;
  while (step < last) {
    const Batch batch = make_batch(pairs, order.next());
    adam.zero_grad();
    const Variable loss = batch_loss(model, batch, config);
    StepReport report{.step = step + 1, .loss = loss.item(), .tokens = batch.tokens};
    check_finite("loss", report.loss, report.step, config);
    loss.backward();
    report.gradient_norm = optim::clip_grad_norm_(parameters, config.clip);
    check_finite("norm of the gradient", report.gradient_norm, report.step, config);
    adam.set_lr_factor(optim::linear_warmup(step, config.warmup) *
                       optim::cosine(step, config.steps));
    adam.step();
    ++step;
    report.smoothed_loss = smoothed.add(report.loss);
    report.learning_rate = adam.lr();
    if (observer.step) observer.step(report);
    const bool stop = observer.stop && observer.stop();
    if (observer.validate && !stop && (step % config.validate_every == 0 || step == last)) {
      model.eval();
      observer.validate(step);
      model.train();
    }
    if (stop) break;
  }
  return step;
}

}  // namespace heed::models
