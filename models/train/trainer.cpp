#include "heed/models/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "heed/models/fields.h"
#include "heed/optim/adam.h"
#include "heed/optim/clip.h"
#include "heed/optim/schedule.h"

namespace heed::models {
namespace {

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
  explicit TrainingMode(nn::Module& model) : model_(model) { model_.train(); }
  ~TrainingMode() { model_.eval(); }
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  nn::Module& model_;
};

/// The optimiser, with weight decay for matrices and embeddings alone.
optim::AdamW make_optimizer(nn::Module& model, const TrainingConfig& config) {
  std::vector<NamedVariable> matrices, rest;
  for (auto& parameter : model.named_parameters()) {
    (parameter.variable.dim() >= 2 ? matrices : rest).push_back(std::move(parameter));
  }
  optim::AdamWOptions options{.lr = config.learning_rate,
                              .betas = {0.9, config.beta2},
                              .weight_decay = config.weight_decay};
  std::vector<optim::ParameterGroup<optim::AdamWOptions>> groups;
  groups.push_back({std::move(matrices), options});
  options.weight_decay = 0;
  groups.push_back({std::move(rest), options});
  return optim::AdamW(std::move(groups));
}

double lr_factor(int64_t step, const TrainingConfig& config) {
  if (config.learning_rate == 0) return 1;
  const double lowest = std::min(config.min_learning_rate / config.learning_rate, 1.0);
  if (config.schedule == "warmup_cosine") {
    const int64_t warmup = std::min(config.warmup, config.steps - 1);
    return optim::warmup_cosine(step, warmup, config.steps, lowest);
  }
  const double warmup = optim::linear_warmup(step, config.warmup);
  return config.schedule == "constant" ? warmup
                                       : warmup * optim::cosine(step, config.steps, lowest);
}

}  // namespace

int64_t train(nn::Module& model, const std::function<BatchLoss()>& next,
              const TrainingConfig& config, const TrainingObserver& observer, int64_t max_steps) {
  TrainingConfig checked = config;
  check_fields(list_fields(checked), "training");
  const int64_t last = max_steps > 0 ? std::min(max_steps, config.steps) : config.steps;
  optim::AdamW adam = make_optimizer(model, config);
  const auto parameters = model.named_parameters();
  SmoothedMean smoothed;
  const TrainingMode mode(model);
  int64_t step = 0;
  while (step < last) {
    adam.zero_grad();
    const BatchLoss batch = next();
    StepReport report{.step = step + 1, .loss = batch.loss.item(), .items = batch.items};
    check_finite("loss", report.loss, report.step, config);
    batch.loss.backward();
    report.gradient_norm = optim::clip_grad_norm_(parameters, config.clip);
    check_finite("norm of the gradient", report.gradient_norm, report.step, config);
    adam.set_lr_factor(lr_factor(step, config));
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
    if (stop || (observer.stop && observer.stop())) break;
  }
  return step;
}

}  // namespace heed::models
