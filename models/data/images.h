#pragma once

#include <string>

#include "heed/core/generator.h"
#include "heed/core/tensor.h"

namespace heed::data {

/// Pictures and what they show.
struct LabelledImages {
  Tensor images;  ///< (N, H, W) u8, 0 is black or nothing
  Tensor labels;  ///< (N) i64, from 0
};

/// Two IDX files, images of three dimensions and labels of one. Throws what read_idx throws, and
/// FileError when they do not belong together or there are none.
LabelledImages read_images(const std::string& images, const std::string& labels);

struct ImageSets {
  LabelledImages train, test;
  int64_t classes;  ///< the largest label and one
};

/// A folder with MNIST's four files: train-images-idx3-ubyte, train-labels-idx1-ubyte,
/// t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte. Throws what read_images throws, and FileError
/// when images for training and testing differ in size.
ImageSets read_image_folder(const std::string& folder);

/// Images (N, H, W) u8 at some places (B) i64 as a classifier reads them: (B, 1, H, W) f32 in
/// [0, 1].
Tensor image_batch(const Tensor& images, const Tensor& places);

/// Mean and standard deviation of all pixels, as parts of 255.
struct PixelStatistics {
  double mean, deviation;
};
PixelStatistics pixel_statistics(const Tensor& images);

struct AugmentOptions {
  int64_t shift = 0;               ///< at most so many pixels in each direction; black comes in
  bool flip = false;               ///< half of the images left to right
  Generator* generator = nullptr;  ///< null: default_generator()
};

/// Images (B, C, H, W) f32, each shifted and flipped at random: new examples for every epoch.
Tensor augment(const Tensor& images, const AugmentOptions& options);

}  // namespace heed::data
