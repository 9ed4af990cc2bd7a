#pragma once

#include "heed/models/classifier.h"
#include "heed/nn/dropout.h"
#include "heed/nn/linear.h"
#include "heed/nn/recurrent.h"

/// An image read as a sequence of its rows, from top to bottom: the last state says the class.
/// A baseline that knows order but no neighbourhoods. Le, Jaitly & Hinton 2015, "A simple way to
/// initialize recurrent networks of rectified linear units", section 4.2, read pixel by pixel.
namespace heed::models {

struct RowLstmConfig {
  int64_t classes = 10;
  int64_t channels = 1;
  int64_t height = 28;
  int64_t width = 28;
  int64_t hidden = 128;
  int64_t layers = 1;
  double dropout = 0;
  double mean = 0.5;
  double deviation = 0.5;

  template <class V>
  void fields(V& visit) {
    visit("classes", classes, {.min = 2, .max = 1 << 20}, "number of classes");
    visit("channels", channels, {.min = 1, .max = 1024}, "of an image: 1 for grey, 3 for colour");
    visit("height", height, {.min = 1, .max = 4096}, "of an image");
    visit("width", width, {.min = 1, .max = 4096}, "of an image");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of a layer");
    visit("layers", layers, {.min = 1, .max = 64}, "LSTMs above each other");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of outputs dropped in training");
    visit("mean", mean, {.min = 0, .max = 1}, "of the pixels, taken off them");
    visit("deviation", deviation, {.min = 1e-3, .max = 1}, "of the pixels, divided by");
  }
};

struct RowLstm : Classifier {
  /// Throws Error that names every field out of its range.
  explicit RowLstm(RowLstmConfig config);

  /// No attention: nothing is added to the maps.
  Variable forward(const Tensor& images, nn::AttentionMaps* maps = nullptr) const override;
  int64_t classes() const override { return settings.classes; }
  std::string type() const override { return "row_lstm"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  RowLstmConfig settings;
  nn::LSTM lstm;  // reads a row of all channels
  nn::Dropout dropout;
  nn::Linear output;
};

}  // namespace heed::models
