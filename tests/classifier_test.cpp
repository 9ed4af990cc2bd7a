// Classifiers of images and texts. Their numbers are compared with PyTorch's in
// parity_images_test.cpp.
#include "heed/models/classifier.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/models/row_lstm.h"
#include "heed/models/text_classifier.h"
#include "heed/models/types.h"
#include "heed/models/vit.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;
using models::RowLstm;
using models::TextClassifier;
using models::Vit;

namespace {

Vit small_vit() {
  return Vit({.classes = 2,
              .height = 8,
              .width = 8,
              .layers = 1,
              .heads = 2,
              .hidden = 16,
              .feedforward = 16,
              .dropout = 0});
}

/// The loss of 30 steps of training on examples that a look tells apart, first and last.
std::pair<double, double> train(models::Classifier& model, const Tensor& x, const Tensor& labels) {
  optim::Adam adam(model.named_parameters(), {.lr = 1e-2});
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    adam.zero_grad();
    const Variable loss = nn::cross_entropy(model.forward(x), labels);
    CHECK(nn::unlisted_leaves(model, loss).empty());
    loss.backward();
    adam.step();
    last = loss.item();
    if (step == 0) first = last;
  }
  return {first, last};
}

/// Images whose upper or lower half is white.
Tensor halves(int64_t height) {
  const Tensor images = zeros({2, 1, height, height});
  narrow(images[0], 1, 0, height / 2).fill_(1);
  narrow(images[1], 1, height / 2, height / 2).fill_(1);
  return images;
}

}  // namespace

TEST_CASE("classifiers learn to tell two images or texts apart") {
  manual_seed(3);
  Vit vit = small_vit();
  RowLstm lstm({.classes = 2, .height = 8, .width = 8, .hidden = 8});
  TextClassifier texts({.tokens = 6, .embedding = 4, .hidden = 4, .dropout = 0});
  const Tensor words = tensor({{1, 2, 3}, {4, 5, 0}});
  for (auto [model, x] : {std::pair<models::Classifier*, Tensor>(&vit, halves(8)),
                          {&lstm, halves(8)},
                          {&texts, words}}) {
    CAPTURE(model->type());
    CHECK(model->classes() == 2);
    CHECK(model->forward(x).shape() == Shape{2, 2});
    const auto [first, last] = train(*model, x, tensor({0, 1}));
    CHECK(first > 0.5);
    CHECK(last < 0.1);
  }
}

TEST_CASE("a vision transformer starts undecided and shows where it looks") {
  const Vit vit = small_vit();
  nn::AttentionMaps maps;
  const Tensor logits = vit.forward(rand({3, 1, 8, 8}), &maps).value();
  CHECK(values(logits) == Values(6, 0));
  REQUIRE(maps.layers.size() == 1);
  CHECK(maps.layers[0].shape() == Shape{3, 2, 5, 5});  // four patches and the class token
}

TEST_CASE("padding changes nothing in a text's class, no words are no error") {
  TextClassifier model({.tokens = 6, .classes = 3});
  model.eval();
  nn::AttentionMaps maps;
  const Tensor alone = model.forward(tensor({{4, 5}})).value();
  const Tensor padded = model.forward(tensor({{4, 5, 0, 0}, {0, 0, 0, 0}}), &maps).value();
  CHECK(allclose(padded[0], alone[0], 1e-6, 1e-6));
  CHECK(sum(isfinite(padded)).item() == 6);
  CHECK(maps.layers[0].shape() == Shape{2, 1, 4});
  CHECK(maps.layers[0].at({0, 0, 2}) == 0);
  CHECK(values(sum(maps.layers[0], {1, 2}))[1] == 0);
}

TEST_CASE("classifiers are in the table of types, under their kind") {
  const auto table = models::types_of(models::kind_name<models::Classifier>());
  for (const char* name : {"vit", "row_lstm", "text_classifier"}) {
    const auto settings = models::find_type(table, name).settings();
    if (std::string_view(name) == "text_classifier")
      models::set_field(settings->fields(), "tokens", "5");
    const auto model = settings->make();
    CHECK(model->type() == name);
    CHECK(model->config() == models::to_json(settings->fields()));
    CHECK(models::as<models::Classifier>(*model).classes() >= 2);
  }
}

TEST_CASE("classifiers say what is wrong") {
  check_error([] { Vit({.height = 30}); },
              "Vit: expected images of a multiple of patch 4, got 30 x 28");
  check_error([] { Vit({.heads = 3}); }, "Vit: hidden must be a multiple of heads, got 128 and 3");
  check_error([] { Vit({.classes = 1, .layers = 0}); }, "Vit: classes");
  check_error(
      [] {
        small_vit().forward(zeros({2, 1, 8, 9}));
      },
      "Vit: expected images (B, 1, 8, 8) of f32, got (2, 1, 8, 9) of f32");
  check_error(
      [] {
        RowLstm({}).forward(zeros({2, 1, 28, 28}, {.dtype = u8}));
      },
      "RowLstm: expected images (B, 1, 28, 28) of f32, got (2, 1, 28, 28) of u8");
  check_error([] { TextClassifier({}); }, "TextClassifier: tokens");
  check_error(
      [] {
        TextClassifier({.tokens = 5}).forward(zeros({2, 3}));
      },
      "TextClassifier: expected tokens (B, S) of i64, got (2, 3) of f32");
  check_error([] { TextClassifier({.tokens = 5}).forward(tensor({{7}})); }, "out of range");
}
