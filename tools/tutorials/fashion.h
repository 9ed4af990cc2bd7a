#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "heed/heed.h"
#include "heed/models/show/line_plot.h"
#include "tutorial.h"

/// Fashion-MNIST, and how a classifier learns it: 60,000 pictures of clothes of ten kinds, 28 x 28
/// pixels, and 10,000 others to test with. Xiao, Rasul & Vollgraf 2017, "Fashion-MNIST: a novel
/// image dataset for benchmarking machine learning algorithms".
namespace heed::fashion {

inline const char* const kinds[] = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                    "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};

inline data::ImageSets read(Tutorial& t) { return data::read_image_folder(t.file()); }

/// What the classifier says of each image, (N) i64.
inline Tensor predict(models::Classifier& model, const Tensor& images) {
  const NoGrad no_grad;
  model.eval();
  std::vector<Tensor> found;
  for (const Tensor& places : split(arange(images.size(0)), 500))
    found.push_back(argmax(model.forward(data::image_batch(images, places)).value(), -1));
  model.train();
  return cat(found);
}

inline double accuracy(models::Classifier& model, const data::LabelledImages& set) {
  const Tensor right = eq(predict(model, set.images), set.labels);
  return mean(to(right, f64)).item();
}

struct Training {
  int64_t epochs = 10;
  int64_t batch = 128;
  int64_t test_every = 1;  ///< epochs
  double learning_rate = 1e-3;
  double weight_decay = 0.01;
  data::AugmentOptions augment = {};
};

/// Trains with AdamW, a short warm-up and half a cosine; returns the accuracy on the test images,
/// in per cent, by minutes.
inline show::Series train(Tutorial& t, models::Classifier& model, const data::ImageSets& sets,
                          const Training& how) {
  const int64_t batch = how.batch, count = sets.train.images.size(0), each = count / batch;
  const int64_t steps = t.steps(how.epochs * each);
  optim::AdamW adam(model.named_parameters(),
                    {.lr = how.learning_rate, .weight_decay = how.weight_decay});
  show::Series curve{.name = model.type()};
  Tensor order;
  for (int64_t step = 0; step < steps; ++step) {
    if (step % each == 0) order = randperm(count);
    const Tensor places = narrow(order, 0, step % each * batch, batch);
    const Tensor images = data::augment(data::image_batch(sets.train.images, places), how.augment);
    const Tensor labels = index_select(sets.train.labels, 0, places);
    const Variable loss = nn::cross_entropy(model.forward(images), labels);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(adam.parameters(), 1);
    adam.set_lr_factor(optim::warmup_cosine(step, std::min(each, steps / 10), steps));
    adam.step();
    t.progress(step + 1, steps, loss.item());
    if ((step + 1) % (each * how.test_every) != 0 && step + 1 != steps) continue;
    curve.points.emplace_back(t.minutes(), 100 * accuracy(model, sets.test));
    t.say("epoch ", (step + each) / each, ", loss ", fixed(loss.item(), 3), ", test ",
          fixed(curve.points.back().second, 2), " % after ", fixed(t.minutes(), 1), " min");
  }
  return curve;
}

}  // namespace heed::fashion
