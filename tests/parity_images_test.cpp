// Convolutions, pooling, batch normalisation, and classifiers of images and texts, as PyTorch
// computes them.
#include "heed/autograd/batch_norm.h"
#include "heed/models/row_lstm.h"
#include "heed/models/text_classifier.h"
#include "heed/models/vit.h"
#include "heed/nn/batch_norm.h"
#include "heed/nn/conv.h"
#include "heed/nn/pooling.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

Dims dims_or(const Run& r, const char* key, const Dims& otherwise) {
  const Dims dims = r.dims(key);
  return dims.empty() ? otherwise : dims;
}

template <class Layer>
Variable convolution(Run& r) {
  Layer layer({.in_channels = r.integer("in_channels"),
               .out_channels = r.integer("out_channels"),
               .kernel_size = r.dims("kernel_size"),
               .stride = dims_or(r, "stride", 1),
               .padding = dims_or(r, "padding", 0),
               .dilation = dims_or(r, "dilation", 1),
               .groups = r.integer("groups", 1),
               .bias = r.flag("bias", true)});
  r.load(layer);
  return layer(r[0]);
}

template <class Layer>
Variable max_pool(Run& r) {
  return Layer(r.dims("kernel_size"), {r.dims("stride"), dims_or(r, "padding", 0)})(r[0]);
}

template <class Layer>
Variable avg_pool(Run& r) {
  return Layer(r.dims("kernel_size"), {r.dims("stride"), dims_or(r, "padding", 0),
                                       r.flag("count_include_pad", true)})(r[0]);
}

template <class Layer>
Variables running(const Run& r) {
  Layer norm({.num_features = 3, .momentum = r.number("momentum", 0.1), .affine = false});
  norm.to(r.dtype());
  norm(r[0]), norm(r[1]);
  norm.eval();
  return {norm(r[0]), Tensor(norm.running_mean), Tensor(norm.running_var),
          Tensor(norm.num_batches_tracked)};
}

Variables running_of_any(const Run& r) {
  return r[0].dim() == 4 ? running<nn::BatchNorm2d>(r) : running<nn::BatchNorm1d>(r);
}

Variable in_evaluation(const Run& r) {
  return batch_norm(r[0], r.tensor(3), r.tensor(4), r[1], r[2], r.number("eps", 1e-5));
}

Variable vit(Run& r) {
  models::Vit model({.classes = 3,
                     .channels = 2,
                     .height = 4,
                     .width = 6,
                     .patch = 2,
                     .layers = 2,
                     .heads = 2,
                     .hidden = 4,
                     .feedforward = 6,
                     .dropout = 0,
                     .deviation = 0.25});
  r.load(model);
  return model.forward(r.tensor(0));
}

Variable row_lstm(Run& r) {
  models::RowLstm model({.classes = 3,
                         .channels = 2,
                         .height = 4,
                         .width = 6,
                         .hidden = 4,
                         .layers = 2,
                         .deviation = 0.25});
  r.load(model);
  return model.forward(r.tensor(0));
}

Variable text_classifier(Run& r) {
  models::TextClassifier model(
      {.tokens = 7, .classes = 3, .embedding = 3, .hidden = 2, .dropout = 0});
  r.load(model);
  return model.forward(r.tensor(0));
}

}  // namespace

TEST_CASE("parity: images") {
  check_parity("images", {
                             {"Conv1d", [](Run& r) { return convolution<nn::Conv1d>(r); }},
                             {"Conv2d", [](Run& r) { return convolution<nn::Conv2d>(r); }},
                             {"MaxPool1d", [](Run& r) { return max_pool<nn::MaxPool1d>(r); }},
                             {"MaxPool2d", [](Run& r) { return max_pool<nn::MaxPool2d>(r); }},
                             {"AvgPool1d", [](Run& r) { return avg_pool<nn::AvgPool1d>(r); }},
                             {"AvgPool2d", [](Run& r) { return avg_pool<nn::AvgPool2d>(r); }},
                             {"batch_norm", [](Run& r) { return batch_norm(r[0], r[1], r[2]).y; }},
                             {"batch_norm_eval", [](Run& r) { return in_evaluation(r); }},
                             {"running", [](Run& r) { return running_of_any(r); }},
                             {"Vit", [](Run& r) { return vit(r); }},
                             {"RowLstm", [](Run& r) { return row_lstm(r); }},
                             {"TextClassifier", [](Run& r) { return text_classifier(r); }},
                         });
}
