#pragma once

#include "heed/models/classifier.h"
#include "heed/nn/conv.h"
#include "heed/nn/dropout.h"
#include "heed/nn/linear.h"
#include "heed/nn/transformer_encoder.h"

/// Dosovitskiy et al. 2021, "An image is worth 16x16 words: transformers for image recognition at
/// scale": an image as a sequence of patches, read by a pre-norm transformer encoder.
namespace heed::models {

struct VitConfig {
  int64_t classes = 10;
  int64_t channels = 1;
  int64_t height = 28;
  int64_t width = 28;
  int64_t patch = 4;
  int64_t layers = 6;
  int64_t heads = 4;
  int64_t hidden = 128;
  int64_t feedforward = 512;
  double dropout = 0.1;
  double mean = 0.5;
  double deviation = 0.5;

  template <class V>
  void fields(V& visit) {
    visit("classes", classes, {.min = 2, .max = 1 << 20}, "number of classes");
    visit("channels", channels, {.min = 1, .max = 1024}, "of an image: 1 for grey, 3 for colour");
    visit("height", height, {.min = 1, .max = 4096}, "of an image, a multiple of patch");
    visit("width", width, {.min = 1, .max = 4096}, "of an image, a multiple of patch");
    visit("patch", patch, {.min = 1, .max = 4096}, "side of the squares that are its tokens");
    visit("layers", layers, {.min = 1, .max = 1024}, "encoder layers");
    visit("heads", heads, {.min = 1, .max = 1024}, "attention heads of a layer");
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of a token, a multiple of heads");
    visit("feedforward", feedforward, {.min = 1, .max = 65536}, "units between the two products");
    visit("dropout", dropout, {.min = 0, .max = 1}, "share of units dropped in training");
    visit("mean", mean, {.min = 0, .max = 1}, "of the pixels, taken off them");
    visit("deviation", deviation, {.min = 1e-3, .max = 1}, "of the pixels, divided by");
  }
};

struct Vit : Classifier {
  /// Throws Error that names every field out of its range.
  explicit Vit(VitConfig config);

  Variable forward(const Tensor& images, nn::AttentionMaps* maps = nullptr) const override;
  int64_t classes() const override { return settings.classes; }
  std::string type() const override { return "vit"; }
  Json config() const override;
  void members(nn::MemberVisitor& visit) override;

  VitConfig settings;
  nn::Conv2d conv_proj;         // a patch to a token, (E, C, patch, patch)
  nn::Parameter class_token;    // (1, 1, E)
  nn::Parameter pos_embedding;  // (1, patches + 1, E)
  nn::Dropout dropout;
  nn::TransformerEncoder encoder;
  nn::Linear head;
};

}  // namespace heed::models
