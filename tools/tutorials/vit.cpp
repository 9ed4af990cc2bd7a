// A vision transformer on Fashion-MNIST: 49 patches of 4 x 4 pixels and a class token, 6 pre-norm
// layers of 4 heads, 64 units. Dosovitskiy et al. 2021, "An image is worth 16x16 words". Sizes are
// those of github.com/s-chh/PyTorch-Scratch-Vision-Transformer-ViT, which publishes 92.3 % after
// 200 epochs; the page of this step lists what differs.
#include "fashion.h"
#include "heed/nn/init.h"

using namespace heed;

namespace {

/// Which kinds are taken for which: the three commonest mistakes.
void say_mistakes(Tutorial& t, models::Classifier& model, const data::LabelledImages& test) {
  const Tensor found = fashion::predict(model, test.images);
  const Tensor pairs = one_hot(add(mul(test.labels, 10), found), 100);
  const auto [counts, places] =
      topk(sum(pairs * unsqueeze(to(ne(found, test.labels), i64), 1), 0), 3);
  for (int64_t i = 0; i < 3; ++i) {
    const int64_t place = places[i].item<int64_t>();
    t.say(counts[i].item<int64_t>(), " times a ", fashion::kinds[place / 10], " is called ",
          fashion::kinds[place % 10]);
  }
}

}  // namespace

int main(int count, char** words) {
  return tutorial("vit", count, words, [](Tutorial& t) {
    const data::ImageSets sets = fashion::read(t);
    const auto [mean, deviation] = data::pixel_statistics(sets.train.images);
    models::Vit model({.patch = 4,
                       .layers = 6,
                       .heads = 4,
                       .hidden = 64,
                       .feedforward = 128,
                       .dropout = 0,
                       .mean = mean,
                       .deviation = deviation});
    // Places as loud as patches: with the paper's 0.02 they are hardly heard at first.
    nn::init::normal_(model.pos_embedding, 0, 0.5);
    const show::Series curve = fashion::train(t, model, sets,
                                              {.epochs = 75,
                                               .batch = 64,
                                               .test_every = 3,
                                               .learning_rate = 1e-3,
                                               .weight_decay = 0.05,
                                               .augment = {.shift = 1, .flip = true}});
    say_mistakes(t, model, sets.test);
    t.write("vit.svg", show::svg({.title = "A vision transformer on Fashion-MNIST",
                                  .x = {.name = "minutes"},
                                  .y = {.name = "right on test images, %"},
                                  .series = {curve}}));
    const double right = curve.points.back().second;
    t.result(right, right >= 92.3, fixed(right, 2) + " % of the test images");
  });
}
